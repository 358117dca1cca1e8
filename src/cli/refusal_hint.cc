#include "cli/refusal_hint.h"

#include <algorithm>

#include "hotline/net/endpoint.h"

namespace hotline::cli {
namespace {

constexpr char kSameSecret[] = "is the secret the same on both sides? ";
constexpr char kNotAllowed[] = "the server may not allow this caller: its log says why";

bool knows_users(std::string_view uri) {
  const auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return false;
  return is_protected(endpoint->transport()) || endpoint->transport() == Transport::unix_;
}

}  // namespace

bool is_end_by_peer(ErrorKind kind) {
  return kind == ErrorKind::closed || kind == ErrorKind::reset || kind == ErrorKind::truncated;
}

bool has_challenge(std::string_view uri) {
  const auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return false;
  return std::ranges::count(endpoint->options(), "auth", &EndpointOption::key) > 0;
}

Result<void> with_refusal_hint(Result<void> result, std::string_view uri) {
  if (result || !is_end_by_peer(result.error().kind)) return result;
  const bool is_challenged = has_challenge(uri);
  std::string& advice = result.error().advice;
  if (advice.empty() && (is_challenged || knows_users(uri))) advice = kNotAllowed;
  if (is_challenged) advice.insert(0, kSameSecret);
  return result;
}

}  // namespace hotline::cli

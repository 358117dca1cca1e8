#include "cli/secret_hint.h"

#include <algorithm>

#include "hotline/net/endpoint.h"

namespace hotline::cli {
namespace {

bool is_end_by_peer(ErrorKind kind) {
  return kind == ErrorKind::closed || kind == ErrorKind::reset || kind == ErrorKind::truncated;
}

}  // namespace

bool has_challenge(std::string_view uri) {
  const auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return false;
  return std::ranges::count(endpoint->options(), "auth", &EndpointOption::key) > 0;
}

Result<void> with_secret_hint(Result<void> result, std::string_view uri) {
  if (!result && is_end_by_peer(result.error().kind) && has_challenge(uri)) {
    result.error().advice = "is the secret the same on both sides?";
  }
  return result;
}

}  // namespace hotline::cli

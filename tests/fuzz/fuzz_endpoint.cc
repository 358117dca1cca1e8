#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "hotline/net/endpoint.h"
#include "hotline/net/socket_options.h"

// Any text is an endpoint or an error of one line; an endpoint that is formatted and parsed again
// is the same.

namespace {

using hotline::Endpoint;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_refusal(const hotline::Error& error) {
  require(error.kind == hotline::ErrorKind::invalid_argument);
  require(!error.hint().empty());
  for (const char c : error.message()) require(c >= 0x20 && c != 0x7f);
}

void check_options(const Endpoint& endpoint) {
  hotline::OptionTaker taker(endpoint);
  const auto options = hotline::SocketOptions::take_from(taker);
  if (!options) return check_refusal(options.error());
  require(options->backlog.value_or(1) >= 1);
  if (const auto finished = taker.finish(); !finished) check_refusal(finished.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = Endpoint::parse({reinterpret_cast<const char*>(data), size});
  if (!first) {
    check_refusal(first.error());
    return 0;
  }
  const auto second = Endpoint::parse(first->to_uri());
  require(second.has_value());
  require(*first == *second);
  const auto bare = Endpoint::parse(first->to_string());
  require(bare && bare->options().empty());
  check_options(*first);
  return 0;
}

#include "cli/service_time.h"

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"

namespace hotline::cli::service_time_test {
namespace {

Result<void> added(const std::string& uri) {
  const ServiceEntry entry = time_service();
  Server server;
  return server.add_made(uri, [&](OptionTaker& taker) { return entry.make(taker, {}); });
}

}  // namespace

TEST_CASE("time can be served at each of the transports that it lists, on streams with a framing") {
  for (const std::string& scheme : time_service().transports) {
    const bool is_network = scheme == "tcp" || scheme == "udp" || scheme == "tls";
    const bool is_datagram = scheme == "udp" || scheme == "unixgram" || scheme == "fd";
    const std::string where = scheme == "fd" ? ":3" : is_network ? "://127.0.0.1:0" : ":@name";
    const std::string options = "?tz=UTC&limit=none";
    CAPTURE(scheme);
    CHECK(added(scheme + where + options + (is_datagram ? "" : "&framing=lines")));
  }
  CHECK_FALSE(added("tcp://127.0.0.1:0"));
}

TEST_CASE("the help of time names its options") {
  for (const char* option : {"tz=ZONE", "locale=NAME", "limit=COUNT/TIME:BURST"}) {
    CHECK(time_service().help.contains(option));
  }
}

}  // namespace hotline::cli::service_time_test

#include "cli/service_ntp.h"

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"

namespace hotline::cli::service_ntp_test {
namespace {

Result<void> added(const std::string& uri) {
  const ServiceEntry entry = ntp_service();
  Server server;
  return server.add_made(uri, [&](OptionTaker& taker) { return entry.make(taker, {}); });
}

}  // namespace

TEST_CASE("ntp can be served at the transports that it lists, and at no stream") {
  CHECK(ntp_service().transports == std::vector<std::string>{"udp", "fd"});
  CHECK(added("udp://127.0.0.1:0?local-stratum=5"));
  CHECK(added("fd:3"));
  CHECK_FALSE(added("tcp://127.0.0.1:0"));
  CHECK_FALSE(added("unix:@name"));
}

TEST_CASE("each option that the help of ntp lists is taken") {
  CHECK(added("udp://127.0.0.1:0?mirror=127.0.0.1:123&limit=1/8s:8&over-limit=kiss"));
  CHECK(added("udp://127.0.0.1:0?local-stratum=1"));
  CHECK_FALSE(added("udp://127.0.0.1:0?keys=/missing"));
  CHECK_FALSE(added("udp://127.0.0.1:0?stratum=1"));
}

TEST_CASE("ntp refuses to serve one call only") {
  const auto endpoint = Endpoint::parse("udp://127.0.0.1:0");
  OptionTaker taker(*endpoint);
  const auto made = ntp_service().make(taker, {.calls = CallCount::one});
  REQUIRE_FALSE(made);
  CHECK(made.error().hint() == "leave out --once");
}

}  // namespace hotline::cli::service_ntp_test

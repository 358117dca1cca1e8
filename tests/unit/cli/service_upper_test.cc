#include "cli/service_upper.h"

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"

namespace hotline::cli::service_upper_test {
namespace {

Result<void> added(const std::string& uri) {
  const ServiceEntry entry = upper_service();
  Server server;
  return server.add_made(uri, [&](OptionTaker& taker) { return entry.make(taker, {}); });
}

}  // namespace

TEST_CASE("upper can be served at each of the transports that it lists") {
  const ServiceEntry entry = upper_service();
  for (const std::string& scheme : entry.transports) {
    const bool is_network = scheme == "tcp" || scheme == "udp" || scheme == "tls";
    const std::string where = scheme == "fd" ? "fd:3" : is_network ? "://127.0.0.1:0" : ":@name";
    CAPTURE(scheme);
    CHECK(added(scheme == "fd" ? where : scheme + where));
  }
}

}  // namespace hotline::cli::service_upper_test

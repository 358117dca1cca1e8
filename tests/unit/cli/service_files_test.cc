#include "cli/service_files.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::service_files_test {
namespace {

Error refusal_of(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  OptionTaker taker(*endpoint, Side::server);
  const auto handler = files_service().make(taker, {});
  REQUIRE_FALSE(handler);
  CHECK(handler.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(handler.error().hint().empty());
  return handler.error();
}

}  // namespace

TEST_CASE("files is restricted, and for streams only") {
  const ServiceEntry entry = files_service();
  CHECK(entry.is_guarded);
  CHECK_FALSE(entry.needs_launcher);
  CHECK(entry.transports == std::vector<std::string>{"tcp", "tls", "unix", "fd"});
  CHECK(entry.help.find("root=/PATH") != std::string::npos);
}

TEST_CASE("a root is required, and at tcp:// a user") {
  CHECK(refusal_of("unix:/s").message().find("'root' is missing") != std::string::npos);
  CHECK(refusal_of("unix:/s?root=here").message().find("'root'") != std::string::npos);
  CHECK(refusal_of("unix:/s?root=/no/such/root").message().find("/no/such/root") !=
        std::string::npos);
  CHECK(refusal_of("tcp://127.0.0.1:1?root=/").message().find("'user' is missing") !=
        std::string::npos);
  CHECK(refusal_of("unix:/s?root=/&durability=some").message().find("'durability'") !=
        std::string::npos);
}

}  // namespace hotline::cli::service_files_test

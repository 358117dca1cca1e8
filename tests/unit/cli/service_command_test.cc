#include "cli/service_command.h"

#include <doctest/doctest.h>

namespace hotline::cli::service_command_test {

TEST_CASE("command is restricted, needs a process that launches, and is for streams only") {
  const ServiceEntry entry = command_service();
  CHECK(entry.is_guarded);
  CHECK(entry.needs_launcher);
  CHECK(entry.transports == std::vector<std::string>{"tcp", "tls", "unix", "fd"});
  CHECK(entry.help.find("wire=i32") != std::string::npos);
  CHECK(entry.help.find("cwd=/PATH") != std::string::npos);
}

}  // namespace hotline::cli::service_command_test

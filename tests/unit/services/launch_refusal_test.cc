#include "services/launch_refusal.h"

#include <doctest/doctest.h>

#include "hotline/services/command_refusal.h"
#include "support/launched.h"

namespace hotline::services::launch_refusal_test {
namespace {

LaunchRefusal refusal_of(const LaunchOptions& options) {
  const auto process = test::launcher().launch(options);
  REQUIRE_FALSE(process);
  return launch_refusal(process.error());
}

TEST_CASE("a missing program and one that cannot run are distinguished, as by a shell") {
  CHECK(refusal_of({.arguments = {"/no/such/program"}}).code ==
        reset_code(CommandRefusal::no_such_program));
  CHECK(refusal_of({.arguments = {"no-such-program-here"}}).code ==
        reset_code(CommandRefusal::no_such_program));
  CHECK(refusal_of({.arguments = {"/etc/passwd"}}).code ==
        reset_code(CommandRefusal::could_not_start));
  CHECK(refusal_of({.arguments = {"true"}, .directory = "/no/such/directory"}).code ==
        reset_code(CommandRefusal::could_not_start));
}

TEST_CASE("the text names the program and the reason") {
  const LaunchRefusal refusal = refusal_of({.arguments = {"/no/such/program"}});
  CHECK(refusal.text.find("/no/such/program") != std::string::npos);
  CHECK(refusal.text == "cannot start /no/such/program: not found");
}

TEST_CASE("what may go away is not the command's fault") {
  const auto code = [](ErrorKind kind) {
    return launch_refusal(make_error(kind, "start", {}, {})).code;
  };
  CHECK(code(ErrorKind::resource_exhausted) == reset_code(CommandRefusal::busy));
  CHECK(code(ErrorKind::reset) == ResetCode::failed);
  CHECK(code(ErrorKind::cancelled) == ResetCode::failed);
  CHECK(code(ErrorKind::timed_out) == ResetCode::failed);
  CHECK(code(ErrorKind::too_large) == reset_code(CommandRefusal::could_not_start));
}

}  // namespace
}  // namespace hotline::services::launch_refusal_test

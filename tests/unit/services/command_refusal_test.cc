#include "hotline/services/command_refusal.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::command_refusal_test {
namespace {

constexpr unsigned kRefusals = 11;

ResetCode code_of(unsigned number) { return static_cast<ResetCode>(number); }

}  // namespace

TEST_CASE("each refusal has its number in the wire, a name and a meaning of its own") {
  std::set<std::string_view> names;
  std::set<std::string> meanings;
  for (unsigned i = 0; i < kRefusals; ++i) {
    const ResetCode code = code_of(256 + i);
    const auto refusal = command_refusal(code);
    REQUIRE(refusal);
    CHECK(reset_code(*refusal) == code);
    CHECK(names.insert(name_of(*refusal)).second);
    const Error error = refusal_error(code, {}, "tcp://x:1");
    CHECK(meanings.insert(error.detail).second);
    CHECK(error.message().find("tcp://x:1") != std::string::npos);
    CHECK_FALSE(error.advice.empty());
  }
  CHECK(name_of(CommandRefusal::not_permitted) == "not_permitted");
  CHECK(name_of(CommandRefusal::no_such_program) == "no_such_program");
  CHECK(reset_code(CommandRefusal::no_such_program) == code_of(266));
}

TEST_CASE("other codes of a RESET are not refusals of the wire") {
  for (const unsigned number : {0U, 1U, 5U, 6U, 255U, 256 + kRefusals, 65'535U}) {
    CHECK_FALSE(command_refusal(code_of(number)));
    CHECK_FALSE(exit_of_refusal(code_of(number), {}));
    CHECK_FALSE(refusal_error(code_of(number), {}, {}).detail.empty());
  }
  CHECK(name_of(static_cast<CommandRefusal>(256 + kRefusals)) == "unknown");
}

TEST_CASE("the codes of the session have meanings of their own") {
  std::set<std::string> meanings;
  for (const ResetCode code : {ResetCode::refused, ResetCode::cancelled, ResetCode::unsupported,
                               ResetCode::limit, ResetCode::failed}) {
    CHECK(meanings.insert(refusal_error(code, {}, {}).detail).second);
  }
  CHECK(refusal_error(ResetCode::unsupported, {}, {}).kind == ErrorKind::unsupported);
}

TEST_CASE("the text of the server is shown escaped") {
  const Error error = refusal_error(reset_code(CommandRefusal::busy), "8 of 8\x1b[2J", "tcp://x:1");
  CHECK(error.kind == ErrorKind::resource_exhausted);
  CHECK(error.detail == "8 of 8\\x1b[2J");
  const Error failed = refusal_error(ResetCode::failed, "\x1b", "tcp://x:1");
  CHECK(failed.detail == "the server failed: \\x1b");
}

TEST_CASE("a program that does not exist has the status 127, one that does not start 126") {
  const auto absent = exit_of_refusal(reset_code(CommandRefusal::no_such_program), "no 'x'");
  REQUIRE(absent);
  CHECK(absent->kind == ExitKind::could_not_start);
  CHECK(absent->status() == 127);
  CHECK(absent->text == "no 'x'");
  const auto failed = exit_of_refusal(reset_code(CommandRefusal::could_not_start), {});
  REQUIRE(failed);
  CHECK(failed->status() == 126);
}

TEST_CASE("other refusals say nothing about a program") {
  for (const CommandRefusal refusal : {CommandRefusal::not_permitted, CommandRefusal::busy,
                                       CommandRefusal::not_found, CommandRefusal::draining}) {
    CHECK_FALSE(exit_of_refusal(reset_code(refusal), {}));
  }
}

}  // namespace hotline::command_refusal_test

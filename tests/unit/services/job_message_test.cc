#include "services/job_message.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "services/exit_message.h"
#include "support/command_samples.h"

namespace hotline::services::job_message_test {
namespace {

using test::raw_field;
using test::raw_number;

const std::string kJob = raw_field(0x8d, std::string(16, 'j'));
const std::string kWord = raw_field(0x81, "a");

JobEntry full_entry(RemoteProgram program) {
  const CommandExit exit = test::full_exit();
  return {.job = test::sample_job(),
          .program = std::move(program),
          .label = "nightly",
          .started = exit.started,
          .exit = exit,
          .output_bytes = 123,
          .error_bytes = ~std::uint64_t{0},
          .kept_until = exit.ended,
          .is_attached = true};
}

CommandFault fault_of(std::string_view bytes) {
  const auto entry = decode_job(as_bytes(bytes));
  REQUIRE_FALSE(entry);
  return entry.error();
}

/// What a list shows of `program`.
JobEntry listed(RemoteProgram program) {
  const auto entry = decode_job(as_bytes(encode_job({.program = std::move(program)})));
  REQUIRE(entry);
  return *entry;
}

}  // namespace

TEST_CASE("every job is decoded to what was encoded") {
  for (const JobEntry& each :
       {full_entry(CommandWords{{"a", "", "b c"}}), full_entry(ShellLine{"a | b"}),
        full_entry(LoginShell{}), JobEntry{.program = CommandWords{{"a"}}},
        JobEntry{.program = CommandWords{{"a"}}, .is_cut = true}}) {
    const auto decoded = decode_job(as_bytes(encode_job(each)));
    REQUIRE(decoded);
    CHECK(*decoded == each);
  }
}

TEST_CASE("a long line is cut at 4,091 bytes, and the list says so") {
  CHECK_FALSE(listed(ShellLine{std::string(4'091, 'x')}).is_cut);
  const JobEntry entry = listed(ShellLine{std::string(4'092, 'x')});
  CHECK(entry.is_cut);
  CHECK(std::get<ShellLine>(entry.program).line == std::string(4'091, 'x'));
}

TEST_CASE("long words are cut at 4,096 bytes with their headers, and the list says so") {
  const std::string rest(4'096 - 5 - 1 - 5, 'x');
  CHECK_FALSE(listed(CommandWords{{"a", rest}}).is_cut);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"a", rest + "x"}, {"a", rest, ""}, {"a", rest, "b", "c"}}) {
    const JobEntry entry = listed(CommandWords{words});
    CHECK(entry.is_cut);
    CHECK(std::get<CommandWords>(entry.program).words == std::vector<std::string>{"a", rest});
  }
}

TEST_CASE("a word of which no byte fits is not shown") {
  const std::string rest(4'096 - 5 - 1 - 5 - 5, 'x');
  const JobEntry entry = listed(CommandWords{{"a", rest, "b"}});
  CHECK(entry.is_cut);
  CHECK(std::get<CommandWords>(entry.program).words == std::vector<std::string>{"a", rest});
}

TEST_CASE("however many words a job has, its message stays short") {
  const std::string bytes =
      encode_job({.program = CommandWords{std::vector<std::string>(20'000, "")}});
  CHECK(bytes.size() < 4'096 + 200);
  CHECK(decode_job(as_bytes(bytes))->is_cut);
}

TEST_CASE("a job has an id and one program") {
  CHECK(fault_of("").text == "the job has no id");
  CHECK(fault_of(kWord).text == "the job has no id");
  CHECK(fault_of(kJob).text == "the job has no program");
  CHECK(decode_job(as_bytes(kJob + kWord + kWord)).has_value());
  const std::string line = raw_field(0x82, "a");
  const std::string login = raw_field(0x95, "");
  CHECK(fault_of(kJob + kWord + line).text == "the field line is one program too many");
  CHECK(fault_of(kJob + line + kWord).text == "the field word is one program too many");
  CHECK(fault_of(kJob + line + login).text == "the field login is one program too many");
  CHECK(fault_of(kJob + login + login).text == "the field login is one program too many");
  CHECK(fault_of(kJob + line + line).text == "the field line is one program too many");
}

TEST_CASE("the exit of a job is one of the wire") {
  const std::string job = kJob + kWord;
  CHECK(decode_job(as_bytes(job + raw_field(0x94, raw_number(0, 5))))->exit ==
        CommandExit{.kind = ExitKind::code});
  CHECK(fault_of(job + raw_field(0x94, raw_number(0, 4))).text ==
        "the field exit has a wrong size");
  CHECK(fault_of(job + raw_field(0x94, raw_number(256, 5))).text ==
        "the field exit is wrong: the exit has a wrong value");
  CHECK(fault_of(job + raw_field(0x94, raw_number(0, 5) + "x")).text ==
        "the field exit is wrong: a field is cut off");
}

TEST_CASE("each field of a job appears once and has its size") {
  struct Case {
    unsigned tag;
    std::size_t size;
  };
  for (const auto [tag, size] : {Case{0x8d, 16}, Case{0x01, 128}, Case{0x03, 8}, Case{0x0c, 8},
                                 Case{0x0d, 8}, Case{0x0e, 8}, Case{0x0f, 0}, Case{0x96, 0}}) {
    CAPTURE(tag);
    const std::string field = raw_field(tag, std::string(size, '\0'));
    CHECK(fault_of(kWord + field + field).text.ends_with("appears twice"));
    CHECK(fault_of(kWord + raw_field(tag, std::string(size + 1, '\0')))
              .text.ends_with("has a wrong size"));
  }
}

TEST_CASE("a job that is cut off is malformed or another one, at every byte") {
  const JobEntry entry = full_entry(CommandWords{{"a", "b"}});
  const std::string bytes = encode_job(entry);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_job(as_bytes(std::string_view(bytes).substr(0, size)));
    if (decoded) CHECK(*decoded != entry);
  }
}

}  // namespace hotline::services::job_message_test

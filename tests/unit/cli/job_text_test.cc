#include "cli/job_text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace hotline::cli::job_text_test {
namespace {

JobEntry sample() {
  JobEntry entry;
  entry.job = *JobId::parse("000102030405060708090a0b0c0d0e0f");
  entry.program = CommandWords{{"make", "\x1b[2J"}};
  entry.output_bytes = 3;
  entry.error_bytes = 4;
  return entry;
}

}  // namespace

TEST_CASE("the table of jobs has a line for each, without control characters") {
  JobEntry ended = sample();
  ended.program = ShellLine{"exit 3"};
  ended.exit = CommandExit{.kind = ExitKind::code, .value = 3};
  const std::string text = table_of(std::vector{sample(), ended});
  CHECK(text.starts_with("JOB "));
  CHECK(text.find("000102030405060708090a0b0c0d0e0f") != text.npos);
  CHECK(text.find("make \\x1b[2J") != text.npos);
  CHECK(text.find("runs") != text.npos);
  CHECK(text.find("exit status 3") != text.npos);
  CHECK(text.find(" 7 ") != text.npos);
  CHECK(text.find('\x1b') == text.npos);
  CHECK(std::ranges::count(text, '\n') == 3);
}

TEST_CASE("a job is an object") {
  CHECK(json_of_job(sample()).text() ==
        R"({"v":1,"job":{"id":"000102030405060708090a0b0c0d0e0f","argv":["make","\u001b[2J"],)"
        R"("running":true,"attached":false,"stdout_bytes":3,"stderr_bytes":4}})");
}

TEST_CASE("the id of a job is 32 digits") {
  CHECK(parse_job("000102030405060708090a0b0c0d0e0f").value() == sample().job);
  for (const char* wrong : {"", "1", "g0102030405060708090a0b0c0d0e0f0"}) {
    CHECK_FALSE(parse_job(wrong));
  }
}

}  // namespace hotline::cli::job_text_test

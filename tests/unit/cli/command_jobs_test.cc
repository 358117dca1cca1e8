#include "cli/command_jobs.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_jobs_test {
namespace {

using test::Words;

const std::string kId(32, '7');

JobsOptions understood(const Words& words) { return test::understood<read_jobs>(words); }
Error refusal(const Words& words) { return test::refusal<read_jobs>(words); }

}  // namespace

TEST_CASE("jobs takes an endpoint, and a job with what is to be done with it") {
  CHECK_FALSE(understood({"jobs", "tcp://a:1"}).job);
  CHECK(understood({"jobs", "--signal", "TERM", "tcp://a:1", kId}).signal == 15);
  CHECK(understood({"jobs", "--forget", "tcp://a:1", kId}).is_forgotten);
  CHECK(refusal({"jobs"}).message() == "missing ENDPOINT");
  CHECK(refusal({"jobs", "--forget", "tcp://a:1"}).message() == "missing JOB");
  CHECK(refusal({"jobs", "tcp://a:1", kId}).message() == "what is to be done with the job?");
  CHECK(refusal({"jobs", "--forget", "--signal=HUP", "tcp://a:1", kId}).message() ==
        "--signal and --forget exclude each other");
  CHECK(refusal({"jobs", "--forget", "tcp://a:1", "7"}).message() == "'7' is not the id of a job");
}

TEST_CASE("a signal is a name in any case, with or without SIG, or a number") {
  for (const char* word : {"KILL", "SIGKILL", "kill", "SigKill", "9"}) {
    CHECK(understood({"jobs", "--signal", word, "tcp://a:1", kId}).signal == 9);
  }
  for (const char* word : {"", "SIG", "0", "-9", "9x", "40", "99999999999", "RTMIN", "KILL "}) {
    CHECK(refusal({"jobs", "--signal", word, "tcp://a:1", kId}).message() ==
          "--signal: '" + std::string(word) + "' is not a signal");
  }
}

}  // namespace hotline::cli::command_jobs_test

#include "cli/command_attach.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_attach_test {

TEST_CASE("attach takes an endpoint and a job") {
  const std::string id(32, '7');
  const auto options = test::understood<read_attach>({"attach", "-i", "tcp://a:1", id});
  CHECK(options.run.endpoint == "tcp://a:1");
  CHECK(options.job.text() == id);
  CHECK(options.run.input == InputUse::sent);
  CHECK(test::understood<read_attach>({"attach", "tcp://a:1", id}).run.input == InputUse::none);
  CHECK(test::refusal<read_attach>({"attach"}).message() == "missing ENDPOINT");
  CHECK(test::refusal<read_attach>({"attach", "tcp://a:1"}).message() == "missing JOB");
  CHECK(test::refusal<read_attach>({"attach", "tcp://a:1", "x"}).message() ==
        "'x' is not the id of a job");
}

}  // namespace hotline::cli::command_attach_test

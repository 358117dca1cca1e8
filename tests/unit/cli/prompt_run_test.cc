#include "cli/prompt_run.h"

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::cli::prompt_run_test {

TEST_CASE("without a server there is no prompt") {
  const test::TemporaryDirectory directory;
  CHECK(run_file_prompt({.endpoint = "unix://" + directory.file("none")},
                        {.output = OutputForm::json}) == ExitStatus::unreachable);
}

}  // namespace hotline::cli::prompt_run_test

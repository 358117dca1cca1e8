#include "cli/folded_results.h"

#include <doctest/doctest.h>

namespace hotline::cli::folded_results_test {
namespace {

HostResult result(std::string host, std::string output, int status = 0, std::string error = {}) {
  const CommandExit exit{.kind = ExitKind::code, .value = status};
  return {.host = std::move(host),
          .outcome = outcome_of(exit),
          .exit = exit,
          .output = std::move(output),
          .error_output = std::move(error)};
}

TEST_CASE("equal results are one, in the order of the first of each") {
  const std::vector results{result("a", "x"), result("b", "y"),    result("c", "x"),
                            result("d", "y"), result("e", "x", 1), result("f", "x", 0, "e")};
  const auto folds = fold(results);
  REQUIRE(folds.size() == 4);
  CHECK(folds[0].hosts == std::vector<std::string>{"a", "c"});
  CHECK(folds[1].hosts == std::vector<std::string>{"b", "d"});
  CHECK(folds[2].hosts == std::vector<std::string>{"e"});
  CHECK(folds[3].hosts == std::vector<std::string>{"f"});
  CHECK(folds[1].first == 1);
}

TEST_CASE("results differ in nothing but what the commands wrote and how they ended") {
  auto first = result("a", "x");
  auto second = result("b", "x");
  second.exit->duration = std::chrono::seconds(5);
  CHECK(fold(std::vector{first, second}).size() == 1);
  const HostResult lost{.host = "c", .outcome = HostOutcome::lost, .output = "x"};
  CHECK(fold(std::vector{first, lost}).size() == 2);
}

TEST_CASE("the heading names the endpoints, how many, and an end that is not success") {
  const auto ok = result("a", "x");
  CHECK(heading_of({.hosts = {"a"}}, ok) == "---- a\n");
  CHECK(heading_of({.hosts = {"a", "b"}}, ok) == "---- a, b (2)\n");
  CHECK(heading_of({.hosts = {"a"}}, result("a", "", 3)) == "---- a: exit status 3\n");
  const HostResult lost{.host = "a", .outcome = HostOutcome::lost};
  CHECK(heading_of({.hosts = {"a"}}, lost) == "---- a: lost\n");
}

}  // namespace
}  // namespace hotline::cli::folded_results_test

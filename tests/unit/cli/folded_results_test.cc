#include "cli/folded_results.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::folded_results_test {
namespace {

struct Hosts {
  HostResult result(std::string host, std::string_view output, int status = 0,
                    std::string_view error = {}) {
    const CommandExit exit{.kind = ExitKind::code, .value = status};
    HostResult made{.host = std::move(host), .outcome = outcome_of(exit), .exit = exit};
    CHECK(made.output.append(as_bytes(output), spill));
    CHECK(made.error_output.append(as_bytes(error), spill));
    return made;
  }

  std::vector<Fold> folded(const std::vector<HostResult>& results) const {
    return fold(results, spill).value();
  }

  SharedSpill spill;
};

TEST_CASE("equal results are one, in the order of the first of each") {
  Hosts hosts;
  const auto folds = hosts.folded({hosts.result("a", "x"), hosts.result("b", "y"),
                                   hosts.result("c", "x"), hosts.result("d", "y"),
                                   hosts.result("e", "x", 1), hosts.result("f", "x", 0, "e")});
  REQUIRE(folds.size() == 4);
  CHECK(folds[0].hosts == std::vector<std::string>{"a", "c"});
  CHECK(folds[1].hosts == std::vector<std::string>{"b", "d"});
  CHECK(folds[2].hosts == std::vector<std::string>{"e"});
  CHECK(folds[3].hosts == std::vector<std::string>{"f"});
  CHECK(folds[1].first == 1);
}

TEST_CASE("results differ in nothing but what the commands wrote and how they ended") {
  Hosts hosts;
  const auto first = hosts.result("a", "x");
  auto second = hosts.result("b", "x");
  second.exit->duration = std::chrono::seconds(5);
  CHECK(hosts.folded({first, second}).size() == 1);
  auto lost = hosts.result("c", "x");
  lost.exit.reset();
  lost.outcome = HostOutcome::lost;
  CHECK(hosts.folded({first, lost}).size() == 2);
  second.dropped_bytes = 1;
  CHECK(hosts.folded({first, second}).size() == 2);
}

TEST_CASE("outputs that are not in memory are compared too") {
  Hosts hosts;
  const std::string large(CollectedOutput::kPieceBytes * 3, 'x');
  std::string other = large;
  other[10] = 'y';
  const auto folds =
      hosts.folded({hosts.result("a", large), hosts.result("b", other), hosts.result("c", large)});
  REQUIRE(folds.size() == 2);
  CHECK(folds[0].hosts == std::vector<std::string>{"a", "c"});
  CHECK(folds[1].hosts == std::vector<std::string>{"b"});
}

TEST_CASE("the heading names the endpoints, how many, and an end that is not success") {
  Hosts hosts;
  const auto ok = hosts.result("a", "x");
  CHECK(heading_of({.hosts = {"a"}}, ok) == "---- a\n");
  CHECK(heading_of({.hosts = {"a", "b"}}, ok) == "---- a, b (2)\n");
  CHECK(heading_of({.hosts = {"a"}}, hosts.result("a", "", 3)) == "---- a: exit status 3\n");
  const HostResult lost{.host = "a", .outcome = HostOutcome::lost};
  CHECK(heading_of({.hosts = {"a"}}, lost) == "---- a: lost\n");
}

TEST_CASE("the heading says why a command could not be started, and what was dropped") {
  Hosts hosts;
  HostResult absent{.host = "a", .outcome = HostOutcome::failed};
  absent.exit = CommandExit{.kind = ExitKind::could_not_start, .value = 127, .text = "no\x1b such"};
  CHECK(heading_of({.hosts = {"a"}}, absent) == "---- a: could not be started: no\\x1b such\n");
  auto dropped = hosts.result("a", "x");
  dropped.dropped_bytes = 12;
  CHECK(heading_of({.hosts = {"a"}}, dropped) == "---- a: exit status 0, 12 bytes dropped\n");
}

}  // namespace
}  // namespace hotline::cli::folded_results_test

#include <doctest/doctest.h>

#include "simulation/remote_scenario.h"

namespace simulation {
namespace {

/// Breaks the conversation at each byte of it, or at every `step`th one.
void break_everywhere(BreakKind kind, Remedy remedy, std::size_t step = 1) {
  for (const Direction direction : {Direction::request, Direction::reply}) {
    bool has_broken = true;
    std::size_t bytes = 0;
    for (; has_broken; bytes += step) {
      CAPTURE(static_cast<int>(direction));
      CAPTURE(bytes);
      const Findings found = break_remote_command({kind, direction, bytes}, remedy, has_broken);
      CHECK(found.wrong == "");
    }
    CHECK(bytes > 150);
  }
}

}  // namespace

TEST_CASE("without a break, a remote command has its result") {
  for (const Remedy remedy : {Remedy::none, Remedy::resume}) {
    bool has_broken = true;
    CHECK(break_remote_command({}, remedy, has_broken).wrong == "");
    CHECK_FALSE(has_broken);
  }
}

TEST_CASE("a connection that breaks at any byte gives no wrong result, and leaves no command") {
  break_everywhere(BreakKind::reset, Remedy::none);
  break_everywhere(BreakKind::end, Remedy::none, 3);
  break_everywhere(BreakKind::silence, Remedy::none, 7);
}

TEST_CASE(
    "a job whose connection breaks at any byte has its exact output and input, and runs once") {
  break_everywhere(BreakKind::reset, Remedy::resume);
  break_everywhere(BreakKind::end, Remedy::resume, 3);
  break_everywhere(BreakKind::silence, Remedy::resume, 7);
}

}  // namespace simulation

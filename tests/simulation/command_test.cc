#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/command_scenario.h"

namespace simulation {

using hotline::CommandWire;

TEST_CASE("a command gets the right and complete reply, or an error, but never a wrong reply") {
  check_seeds(run_commands, {.first = 1, .count = 600});
}

TEST_CASE("a reset at any byte, in either direction, is an error or comes too late to matter") {
  for (const CommandWire wire : {CommandWire::plain, CommandWire::ready, CommandWire::i32}) {
    for (const Direction direction : {Direction::request, Direction::reply}) {
      bool has_broken = true;
      std::size_t bytes = 0;
      for (; has_broken; ++bytes) {
        CAPTURE(name_of(wire));
        CAPTURE(bytes);
        const Findings found = break_command({wire, direction, bytes}, has_broken);
        CHECK(found.wrong == "");
      }
      // The number of bytes of the conversation: every place of it has been broken.
      CHECK(bytes > (direction == Direction::request ? 2 : 16));
      CHECK(break_command({wire, direction, SIZE_MAX}, has_broken).wrong == "");
    }
  }
}

}  // namespace simulation

#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/command_line.h"
#include "cli/subcommands.h"

namespace hotline::test {

using Words = std::vector<std::string>;

/// The arguments of a command line that can be split.
inline cli::Arguments split(const Words& words) {
  const cli::CommandLine line = cli::parse_command_line(words, cli::make_subcommands());
  REQUIRE(line.arguments);
  return *line.arguments;
}

/// What `read` understands of a command line.
template <auto read>
auto understood(const Words& words) {
  const auto options = read(split(words));
  REQUIRE(options);
  return *options;
}

/// Why `read` refuses a command line.
template <auto read>
Error refusal(const Words& words) {
  const auto options = read(split(words));
  REQUIRE_FALSE(options);
  CHECK(options.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(options.error().hint().empty());
  return options.error();
}

}  // namespace hotline::test

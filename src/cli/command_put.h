#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// What `put` does with a symbolic link.
enum class LinkUse : std::uint8_t { skip, follow };

/// The arguments of `hotline put`.
struct PutOptions {
  FileCommandOptions common = {};
  std::vector<std::string> files = {};  ///< `-`: standard input.
  std::string to = {};
  bool is_recursive = false;
  bool replaces = false;
  bool is_dry = false;
  LinkUse links = LinkUse::skip;
};

/// Understands the arguments of `hotline put`. Fails with a usage_error().
Result<PutOptions> read_put(const Arguments& given);

Subcommand put_subcommand();

}  // namespace hotline::cli

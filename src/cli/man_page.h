#pragma once

#include <string>
#include <string_view>

#include "cli/subcommand.h"

namespace hotline::cli {

/// Returns the man page of the program in roff, with the man(7) macros. Its footer shows `version`.
std::string program_man_page(std::string_view version);

/// Returns the man page hotline-NAME(1) of a sub-command.
std::string man_page_of(const Subcommand& command, std::string_view version);

/// Returns `text` as roff shows it literally: no character of it is a request or an escape.
std::string roff_escape(std::string_view text);

}  // namespace hotline::cli

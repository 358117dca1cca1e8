#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/line_reader.h"
#include "cli/option_row.h"
#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Fewer bytes than this fit the buffer of a socket: they can be sent before the replies are read.
inline constexpr std::size_t kSendAtOnceMax = 16 * 1024;

/// The arguments of `hotline call` and `hotline time`.
struct CallOptions {
  std::string endpoint = {};
  std::vector<std::string> messages = {};  ///< Empty: the lines of standard input are the messages.
  Duration linger = std::chrono::seconds(1);
  Duration timeout = std::chrono::seconds(30);
  Controls controls = Controls::escaped;  ///< At a terminal.
  LineRules lines{.quit = QuitLine::is_message};
  std::string error_prefix = {};  ///< A reply that begins so is a failure; empty: none is.
};

/// `--linger`, `--timeout` and others, of every command that makes such a call.
std::vector<OptionRow> call_rows();

/// Reads these options. Fails with `invalid_argument`, with a hint.
Result<CallOptions> read_call_options(const Arguments& given);

}  // namespace hotline::cli

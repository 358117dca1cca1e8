#pragma once

namespace hotline::cli {

/// The program's exit statuses, as `hotline help status` lists them. Never renumbered.
enum class ExitStatus : int {
  ok = 0,
  failed = 1,       ///< The work was begun and did not succeed.
  usage = 2,        ///< The command line is wrong.
  unreachable = 5,  ///< The name was not found, or the connection was refused.
  timed_out = 6,    ///< No connection in the time allowed, or no answer.
  no_reply = 255,   ///< `run`: any other failure; lower numbers are for the command's own status.
};

}  // namespace hotline::cli

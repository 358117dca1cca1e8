#pragma once

namespace hotline::cli {

/// The program's exit statuses, as `hotline help status` lists them. Never renumbered.
enum class ExitStatus : int {
  ok = 0,
  failed = 1,        ///< The work was begun and did not succeed.
  usage = 2,         ///< The command line is wrong.
  not_accepted = 4,  ///< Files: the server does not accept the caller.
  unreachable = 5,   ///< The name was not found, or the connection was refused.
  timed_out = 6,     ///< No connection in the time allowed, or no answer.
  wrong_peer = 7,    ///< Files: the server sent what it must not send.
  partial = 8,       ///< Files: some were transferred, others were not.
  changed = 9,       ///< Files: a content changed during the transfer, or is damaged.
  denied = 10,       ///< Files: the server refuses it: rights, quota, a name in use.
  no_reply = 255,    ///< `run`: any other failure; lower numbers are for the command's own status.
};

}  // namespace hotline::cli

#pragma once

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Resets the signal settings that a parent passed on by accident: unblocks all signals, and gives
/// SIGCHLD its default action, without which the ends of child processes are lost. Settings with a
/// conventional meaning are kept: SIGINT and SIGQUIT ignored for a background job, SIGHUP ignored
/// under nohup(1), SIGPIPE, and the stop signals of job control. Call it first in a program, before
/// it starts threads.
void reset_inherited_signals();

/// Ends this process by `signal`, with the signal's default action, for a program that has taken
/// the signal and finished its work: a shell that runs it then sees that it was interrupted. Does
/// not flush or destroy anything, but restores the terminal of a RawTerminal. A signal handler may
/// call it.
[[noreturn]] void end_by_signal(int signal);

}  // namespace hotline

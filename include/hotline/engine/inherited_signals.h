#pragma once

namespace hotline {

/// Undoes what a parent did to signals without meaning this program: no signal is blocked, and
/// SIGCHLD has its default action, without which the ends of child processes are lost. What
/// conventions give a meaning stays: SIGINT and SIGQUIT ignored for a background job, SIGHUP under
/// nohup(1), SIGPIPE, and the stop signals of job control. Call it first in a program, before there
/// are threads.
void reset_inherited_signals();

}  // namespace hotline

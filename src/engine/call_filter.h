#pragma once

#include "hotline/core/result.h"
#include "hotline/engine/confinement.h"

namespace hotline::engine {

/// Makes system calls that a service of files never makes fail with EPERM, in all threads of this
/// program and for ever: see Confinement::has_call_filter. Calls of other processors' kinds (32
/// bits, x32) all fail. No thread must be able to get new privileges (PR_SET_NO_NEW_PRIVS).
///
/// It is a list of what is refused, not of what is allowed: the C library, OpenSSL, sanitizers and
/// new kernels may each make calls of their own, and a refused one would break a server that works.
/// The kernel reads it once and remembers the answer for each call, so that it costs next to
/// nothing. Under AddressSanitizer, whose search for leaks traces the program, tracing is not
/// refused.
///
/// Fails with `unsupported` if this system has no filters, and if another filter is in its way.
Result<void> install_call_filter(RingUse rings);

}  // namespace hotline::engine

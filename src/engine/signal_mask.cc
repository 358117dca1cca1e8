#include "engine/signal_mask.h"

namespace hotline::engine {

SignalMask::SignalMask() noexcept { ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked_); }

void SignalMask::restore() const noexcept { ::pthread_sigmask(SIG_SETMASK, &blocked_, nullptr); }

}  // namespace hotline::engine

#pragma once

#include "hotline/core/bytes.h"

namespace hotline {

/// Fills `bytes` from the engine's source of randomness: the kernel's (getrandom(2)), fit for
/// secrets; a seeded one on a simulated engine. Cannot fail. Any thread.
void random_bytes(MutableBytes bytes);

}  // namespace hotline

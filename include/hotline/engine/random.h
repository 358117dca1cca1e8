#pragma once

#include "hotline/core/bytes.h"

namespace hotline {

/// Fills `bytes` from the engine's source of randomness. It is getrandom(2), which is fit for
/// secrets; on a simulated engine it is a seeded generator. Cannot fail. Any thread.
void random_bytes(MutableBytes bytes);

}  // namespace hotline

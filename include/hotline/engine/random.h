#pragma once

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Fills `bytes` from the engine's source of randomness. It is getrandom(2), which is fit for
/// secrets; on a simulated engine it is a seeded generator. Cannot fail. Any thread.
void random_bytes(MutableBytes bytes);

}  // namespace hotline

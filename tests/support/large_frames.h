#pragma once

#include <cstddef>

// Functions with frames larger than a fiber's stack or than a page, as a release build without
// -fstack-clash-protection compiles them: a frame is touched at its far end only.

namespace hotline::test {

/// Has a local array of 70,000, 100,000 or 1,000,000 bytes.
template <std::size_t Bytes>
void use_frame();

/// Recurses `depth` times with a frame of 20,000 bytes each.
int recurse_with_large_frames(int depth);

}  // namespace hotline::test

#pragma once

#include <array>

namespace hotline::engine {

/// Moves a new descriptor above the three standard ones. Returns `fd` itself if it is greater than
/// 2; otherwise closes it and returns a close-on-exec copy that is. Without this, the output of a
/// program that was started without standard output could go into a socket. Returns a negative `fd`
/// unchanged. If there is no descriptor for the copy, closes `fd` and returns -1 with errno.
int above_standard(int fd) noexcept;

/// The same for both ends of a pipe or a socket pair. If one of them cannot be moved, closes both
/// and returns false with errno.
bool above_standard(std::array<int, 2>& ends) noexcept;

}  // namespace hotline::engine

#pragma once

#include <array>

namespace hotline::engine {

/// Moves a new descriptor above the three standard ones: returns `fd`, or a close-on-exec copy of
/// it that is greater than 2, and then `fd` is closed. In a program that was started without
/// standard output, what it prints must not go into a socket. A negative `fd` is returned as it is.
/// Returns -1 with errno if there is no descriptor for the copy; `fd` is closed then too.
int above_standard(int fd) noexcept;

/// The same for both ends of a pipe or a socket pair. Returns false with errno if one of them
/// cannot be moved; both are closed then.
bool above_standard(std::array<int, 2>& ends) noexcept;

}  // namespace hotline::engine

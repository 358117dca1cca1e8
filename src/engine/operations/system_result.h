#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace hotline::engine {

/// A system call without glibc's cancellation point, which costs every call of a program with
/// threads two atomic operations, and which nobody here can use.
template <typename... Arguments>
long raw_call(long number, Arguments... arguments) noexcept {
  // syscall(2) reads whole words: an int would leave the upper half of its word to chance.
  return ::syscall(number, (long)(arguments)...);
}

/// What `call` returned, or the negated errno; calls again if a signal interrupted it.
template <typename Call>
int system_result(Call call) noexcept {
  for (;;) {
    const auto returned = call();
    if (returned >= 0) return static_cast<int>(returned);
    if (errno != EINTR) return -errno;
  }
}

}  // namespace hotline::engine

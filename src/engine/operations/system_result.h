#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace hotline::engine {

/// Makes a system call without the cancellation point of glibc, which would cost two atomic
/// operations in a program with threads. Threads are not cancelled here.
template <typename... Arguments>
long raw_call(long number, Arguments... arguments) noexcept {
  // syscall(2) reads whole words; the upper half of an int's word would be undefined.
  return ::syscall(number, (long)(arguments)...);
}

/// Returns what `call` returned, or the negated errno. Repeats the call if a signal interrupted it.
template <typename Call>
int system_result(Call call) noexcept {
  for (;;) {
    const auto returned = call();
    if (returned >= 0) return static_cast<int>(returned);
    if (errno != EINTR) return -errno;
  }
}

}  // namespace hotline::engine

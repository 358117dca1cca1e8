#pragma once

#include <string_view>

namespace hotline {

/// Writes `text` to `fd` if that takes it without a wait. At most PIPE_BUF bytes: a pipe takes so
/// many whole or not at all. Returns how many bytes were written, -EAGAIN if it would have to wait,
/// or the negated errno of the write that failed. Any thread.
int write_at_once(int fd, std::string_view text) noexcept;

}  // namespace hotline

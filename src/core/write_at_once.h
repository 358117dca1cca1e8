#pragma once

#include <string_view>

namespace hotline {

/// Writes `text` to `fd` if that does not block. `text` must have at most PIPE_BUF bytes, which a
/// pipe takes entirely or not at all. Returns the number of bytes written, -EAGAIN if the write
/// would block, or the negated errno of the write that failed. Any thread.
int write_at_once(int fd, std::string_view text) noexcept;

}  // namespace hotline

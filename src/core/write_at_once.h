#pragma once

#include <string_view>

namespace hotline {

/// Writes to `fd` as much of `text` as does not block. A pipe takes at most PIPE_BUF bytes entirely
/// or not at all, and of more perhaps a part. Returns the number of bytes written, -EAGAIN if the
/// write would block, or the negated errno of the write that failed. Any thread.
int write_at_once(int fd, std::string_view text) noexcept;

}  // namespace hotline

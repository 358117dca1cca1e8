#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/operation.h"

namespace hotline::engine {

/// Sends bytes of the regular file `file` on a stream socket, without bringing them into this
/// program. The result is a count, which may be less than requested: 0 only if the file ends at or
/// before `offset`. kCannot if the bytes must be read and sent instead. It may wait for the disk,
/// but never for the peer. Never raises SIGPIPE. sendfile(2).
class SendFile final : public Operation {
 public:
  SendFile(Channel& channel, int file, std::uint64_t offset, std::size_t size)
      : Operation(Kind::send_file, channel, Direction::write),
        offset_(offset),
        size_(size),
        file_(file) {}

  /// The file system or the socket does not support it, or the file cannot be read: reading says
  /// which.
  static constexpr int kCannot = -EOPNOTSUPP;

  int attempt() noexcept override;

  int file() const { return file_; }
  std::uint64_t offset() const { return offset_; }
  std::size_t size() const { return size_; }

 private:
  std::uint64_t offset_;
  std::size_t size_;
  int file_;
};

}  // namespace hotline::engine

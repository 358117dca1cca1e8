#pragma once

#include "engine/operation.h"
#include "hotline/core/bytes.h"

namespace hotline::engine {

/// What is known about the blocking mode of a pipe or terminal. One that is shared with other
/// programs must not be made non-blocking: poll(2) is then called before each attempt.
enum class BlockingMode : bool { unknown, non_blocking };

/// Reads from a pipe, terminal or file at its position. The result is a count, 0 at the end.
/// read(2).
class Read final : public Operation {
 public:
  Read(Channel& channel, MutableBytes into, OnDrain on_drain = OnDrain::goes_on,
       BlockingMode mode = BlockingMode::unknown)
      : Operation(Kind::read, channel, Direction::read, on_drain), into_(into), mode_(mode) {}

  int attempt() noexcept override;

  MutableBytes into() const { return into_; }

 private:
  MutableBytes into_;
  BlockingMode mode_;
};

/// Writes to a pipe, terminal or file at its position. The result is a count, which may be less
/// than requested. write(2).
class Write final : public Operation {
 public:
  Write(Channel& channel, Bytes bytes, BlockingMode mode = BlockingMode::unknown)
      : Operation(Kind::write, channel, Direction::write), bytes_(bytes), mode_(mode) {}

  int attempt() noexcept override;

  Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  BlockingMode mode_;
};

}  // namespace hotline::engine

#pragma once

#include "engine/operation.h"
#include "hotline/core/bytes.h"

namespace hotline::engine {

/// Reads from a pipe, terminal or file at its position. The result is a count, 0 at the end. Calls
/// poll(2) first, so that a descriptor shared with other programs need not be made non-blocking.
/// read(2).
class Read final : public Operation {
 public:
  Read(Channel& channel, MutableBytes into, OnDrain on_drain = OnDrain::goes_on)
      : Operation(Kind::read, channel, Direction::read, on_drain), into_(into) {}

  int attempt() noexcept override;

  MutableBytes into() const { return into_; }

 private:
  MutableBytes into_;
};

/// Writes to a pipe, terminal or file at its position. The result is a count, which may be less
/// than requested. write(2).
class Write final : public Operation {
 public:
  Write(Channel& channel, Bytes bytes)
      : Operation(Kind::write, channel, Direction::write), bytes_(bytes) {}

  int attempt() noexcept override;

  Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace hotline::engine

#pragma once

#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/services/file_digest.h"

namespace hotline::services {

using hotline::BlockHash;

/// Returns the hash of `bytes`.
BlockHash hash_of(Bytes bytes);

/// The hash of bytes that arrive in pieces. It detects errors of programs and disks, not attacks:
/// the connection has to be secure. Move only. Throws std::bad_alloc.
class BlockHasher {
 public:
  BlockHasher();
  BlockHasher(BlockHasher&&) noexcept;
  BlockHasher& operator=(BlockHasher&&) noexcept;
  ~BlockHasher();

  void add(Bytes bytes);

  /// Returns the hash of all bytes so far.
  BlockHash value() const;

  /// Begins anew.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline::services

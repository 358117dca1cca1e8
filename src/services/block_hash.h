#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "hotline/core/bytes.h"

namespace hotline::services {

/// An XXH3-128 hash in canonical form: of a block, or the root of a file. docs/wire/files.md.
struct BlockHash {
  static constexpr std::size_t kBytes = 16;

  std::array<std::byte, kBytes> bytes{};

  bool operator==(const BlockHash&) const = default;
};

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

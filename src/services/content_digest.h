#pragma once

#include <cstdint>
#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/services/file_digest.h"

namespace hotline::services {

/// The digest of content that arrives in pieces. With FileDigestKind::none it costs nothing. Move
/// only. Throws std::bad_alloc, also where is_available() returns false: ask it first.
class ContentDigest {
 public:
  /// Returns false if OpenSSL, as it is built and configured here, does not have the algorithm.
  static bool is_available(FileDigestKind kind);

  explicit ContentDigest(FileDigestKind kind);
  ContentDigest(ContentDigest&&) noexcept;
  ContentDigest& operator=(ContentDigest&&) noexcept;
  ~ContentDigest();

  /// Returns true with FileDigestKind::none.
  bool finds_nothing() const { return state_ == nullptr; }

  void add(Bytes bytes);
  void add_zeros(std::uint64_t count);

  /// Returns the digest of all bytes. Once, at the end.
  FileDigest finish();

 private:
  struct State;

  FileDigestKind kind_;
  std::unique_ptr<State> state_;
};

}  // namespace hotline::services

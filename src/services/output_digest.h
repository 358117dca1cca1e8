#pragma once

#include <cstdint>
#include <memory>

#include "hotline/core/bytes.h"

namespace hotline::services {

/// The XXH3-64 digest of bytes that arrive in pieces, and their number. A copy goes on by itself.
/// It detects errors of programs, not attacks: the connection has to be secure. Throws
/// std::bad_alloc.
class OutputDigest {
 public:
  OutputDigest();
  OutputDigest(const OutputDigest& other);
  OutputDigest& operator=(const OutputDigest& other);
  OutputDigest(OutputDigest&&) noexcept;
  OutputDigest& operator=(OutputDigest&&) noexcept;
  ~OutputDigest();

  void add(Bytes bytes);

  /// Returns how many bytes were added.
  std::uint64_t size() const { return size_; }

  /// Returns the digest of all bytes so far.
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::uint64_t size_ = 0;
};

}  // namespace hotline::services

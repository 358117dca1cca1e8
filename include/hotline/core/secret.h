#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Bytes that must not leak: a key, a password. They are overwritten when the object is destroyed,
/// assigned or moved from. They are compared in a time that depends only on the lengths. There is
/// no way to print them by mistake: a Secret has no text form. Any thread may read it.
class Secret {
 public:
  Secret() = default;

  /// Copies `bytes`; the caller's copy stays as it is.
  explicit Secret(Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}

  /// Makes a secret of `size` zeros, to be filled in through fill().
  explicit Secret(std::size_t size) : bytes_(size) {}

  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  /// Returns the bytes. They are valid until the secret is changed or destroyed.
  Bytes bytes() const { return bytes_; }

  /// Returns the bytes for writing.
  MutableBytes fill() { return bytes_; }

  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  /// Compares in a time that depends only on the lengths, not on the bytes.
  friend bool operator==(const Secret& left, const Secret& right);

 private:
  void wipe() noexcept;

  std::vector<std::byte> bytes_;
};

/// Returns true if both have the same bytes. Its time depends only on the lengths.
bool equal_in_constant_time(Bytes left, Bytes right);

/// Overwrites `bytes` in a way that the compiler does not remove.
void wipe(MutableBytes bytes) noexcept;

}  // namespace hotline

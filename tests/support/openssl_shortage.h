#pragma once

#include <cstddef>

namespace hotline::test {

/// While it exists, allocations of OpenSSL fail on this thread. One at a time. The memory of
/// `operator new` is another one: see MemoryShortage.
class OpenSslShortage {
 public:
  enum class Extent : bool { one, all };

  /// `spared` allocations succeed; after them one fails, or all do.
  explicit OpenSslShortage(std::size_t spared = 0, Extent extent = Extent::all);
  OpenSslShortage(const OpenSslShortage&) = delete;
  OpenSslShortage& operator=(const OpenSslShortage&) = delete;
  ~OpenSslShortage();

  /// Returns true if an allocation has failed.
  bool has_struck() const;

  /// Returns how many more are spared.
  std::size_t spared_left() const;
};

}  // namespace hotline::test

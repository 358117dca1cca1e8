#pragma once

#include <cstddef>
#include <mutex>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Raises the process's soft limit on descriptors to its hard one: what it is then. getrlimit(2).
std::size_t raise_descriptor_limit();

/// One descriptor kept back, so that a caller can still be told off (accepted and closed) when no
/// other is left. Any thread.
class ReserveDescriptor {
 public:
  ReserveDescriptor() { restore(); }
  ReserveDescriptor(const ReserveDescriptor&) = delete;
  ReserveDescriptor& operator=(const ReserveDescriptor&) = delete;
  ~ReserveDescriptor();

  /// Makes room for one.
  void release();

  /// Takes the room back, if it is not held: whether it is held now.
  bool restore();

 private:
  std::mutex mutex_;
  UniqueFd fd_;
};

}  // namespace hotline::engine

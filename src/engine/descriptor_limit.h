#pragma once

#include <mutex>

#include "hotline/core/unique_fd.h"
#include "hotline/engine/descriptor_limit.h"

namespace hotline::engine {

/// One descriptor in reserve, with which a connection can be accepted and closed when no other
/// descriptor is left. Any thread.
class ReserveDescriptor {
 public:
  ReserveDescriptor() { restore(); }
  ReserveDescriptor(const ReserveDescriptor&) = delete;
  ReserveDescriptor& operator=(const ReserveDescriptor&) = delete;
  ~ReserveDescriptor();

  /// Closes the reserved descriptor, so that its number is free.
  void release();

  /// Opens the reserved descriptor if it is closed. Returns true if it is open now.
  bool restore();

 private:
  std::mutex mutex_;
  UniqueFd fd_;
};

}  // namespace hotline::engine

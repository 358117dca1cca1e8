#pragma once

#include <memory>
#include <utility>

#include "hotline/core/unique_fd.h"

namespace hotline::net {

/// Remembers that an inherited socket was in blocking mode, and restores that mode when the last
/// owner of this object is destroyed. Programs that share the socket share its mode.
class InheritedMode {
 public:
  explicit InheritedMode(UniqueFd socket) : socket_(std::move(socket)) {}
  InheritedMode(const InheritedMode&) = delete;
  InheritedMode& operator=(const InheritedMode&) = delete;
  ~InheritedMode();

  /// Makes `fd` non-blocking. Returns null if it already was; then nothing has to be restored.
  static std::shared_ptr<InheritedMode> make_non_blocking(int fd);

 private:
  UniqueFd socket_;  ///< A duplicate.
};

}  // namespace hotline::net

#pragma once

#include <memory>
#include <utility>

#include "hotline/core/unique_fd.h"

namespace hotline::net {

/// Remembers that an inherited socket was in blocking mode, and restores that mode when the last
/// owner of this has gone. Programs that share the socket share its mode.
class InheritedMode {
 public:
  explicit InheritedMode(UniqueFd socket) : socket_(std::move(socket)) {}
  InheritedMode(const InheritedMode&) = delete;
  InheritedMode& operator=(const InheritedMode&) = delete;
  ~InheritedMode();

  /// Makes `fd` non-blocking. Null if it was so before: then nothing is to be put back.
  static std::shared_ptr<InheritedMode> make_non_blocking(int fd);

 private:
  UniqueFd socket_;  ///< A duplicate.
};

}  // namespace hotline::net

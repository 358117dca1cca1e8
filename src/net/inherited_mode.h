#pragma once

#include <memory>
#include <utility>

#include "hotline/core/unique_fd.h"

namespace hotline::net {

/// That an inherited socket blocked before it was used here. All its holders, in other programs
/// too, see one mode: it is put back when the last one here that shares this has gone.
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

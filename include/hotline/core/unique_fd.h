#pragma once

#include <utility>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The sole owner of a file descriptor. The destructor closes it. Move only.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// Returns the descriptor and gives up ownership without closing it.
  int release() { return std::exchange(fd_, -1); }

  /// Closes the descriptor that is held, if any, and takes ownership of `fd`.
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

}  // namespace hotline

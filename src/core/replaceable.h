#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace hotline {

/// A value that never changes and is replaced as a whole: a reader keeps the one that it got. Any
/// thread.
template <typename T>
class Replaceable {
 public:
  explicit Replaceable(std::shared_ptr<const T> value) : value_(std::move(value)) {}

  std::shared_ptr<const T> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void set(std::shared_ptr<const T> value) noexcept {
    const std::lock_guard lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace hotline

#pragma once

#include <utility>

namespace hotline {

/// Keeps `flag`, which outlives it, true until it is destroyed, however its scope is left. Then the
/// flag is as before.
class RaisedFlag {
 public:
  explicit RaisedFlag(bool& flag) noexcept : flag_(flag), outer_(std::exchange(flag, true)) {}
  RaisedFlag(const RaisedFlag&) = delete;
  RaisedFlag& operator=(const RaisedFlag&) = delete;
  ~RaisedFlag() { flag_ = outer_; }

 private:
  bool& flag_;
  bool outer_;
};

}  // namespace hotline

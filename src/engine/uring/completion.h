#pragma once

namespace hotline::engine {

/// What a submission's user_data points to. It lives until its terminal completion has come.
class Completion {
 public:
  /// `result` and `flags` are those of the CQE.
  virtual void complete(int result, unsigned flags) noexcept = 0;

 protected:
  ~Completion() = default;
};

}  // namespace hotline::engine

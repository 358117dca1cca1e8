#pragma once

namespace hotline::engine {

/// The target of a submission's user_data. It must exist until its terminal completion has arrived.
class Completion {
 public:
  /// `result` and `flags` are those of the CQE.
  virtual void complete(int result, unsigned flags) noexcept = 0;

 protected:
  ~Completion() = default;
};

}  // namespace hotline::engine

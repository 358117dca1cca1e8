#pragma once

#include <signal.h>

namespace hotline::test {

/// Gives a signal its action back.
class KeptAction {
 public:
  explicit KeptAction(int signal) : signal_(signal) { ::sigaction(signal, nullptr, &action_); }
  KeptAction(const KeptAction&) = delete;
  KeptAction& operator=(const KeptAction&) = delete;
  ~KeptAction() { ::sigaction(signal_, &action_, nullptr); }

 private:
  int signal_;
  struct sigaction action_ {};
};

}  // namespace hotline::test

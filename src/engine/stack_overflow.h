#pragma once

#include <memory>

namespace hotline::engine {

/// While it lives, an overflow of a fiber's stack on this thread ends the program with a message
/// that names the fiber, in place of a bare SIGSEGV. Other faults go to the handler that was there
/// before. Not under ASan, which has its own.
class StackOverflowReporter {
 public:
  StackOverflowReporter();
  StackOverflowReporter(const StackOverflowReporter&) = delete;
  StackOverflowReporter& operator=(const StackOverflowReporter&) = delete;
  ~StackOverflowReporter();

 private:
  std::unique_ptr<char[]> signal_stack_;
};

}  // namespace hotline::engine

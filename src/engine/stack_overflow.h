#pragma once

#include <memory>

namespace hotline::engine {

/// While it lives, an overflow of a fiber's stack on this thread is reported on standard error,
/// with the name of the fiber that ran, and ends the program by the signal of the fault (SIGSEGV or
/// SIGBUS). The handler has a signal stack of its own. Other faults go to the handler that was
/// installed before the first reporter. Without memory for that stack nothing is reported, and the
/// signal ends the program all the same. Not under ASan, which reports overflows itself.
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

#pragma once

#include <memory>

namespace hotline::engine {

/// While it exists, reports an overflow of a fiber's stack on this thread on standard error, with
/// the name of the fiber. The signal of the fault (SIGSEGV or SIGBUS) then ends the program. The
/// handler has a signal stack of its own. Other faults go to the handler that was installed before
/// the first reporter. If there is no memory for the signal stack, the signal ends the program
/// without a report. Does nothing under ASan, which reports overflows itself.
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

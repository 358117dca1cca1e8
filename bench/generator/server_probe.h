#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>

#include "clock.h"

namespace bench {

// What another process has used, as the kernel counts it.
class ServerProbe {
 public:
  // With pid 0 there is nothing to probe, and every answer is 0. Throws Failure if there is no
  // such process.
  explicit ServerProbe(pid_t pid);

  bool present() const { return pid_ != 0; }

  // CPU time of all its threads, of those that have ended too.
  Nanoseconds cpu_time() const;

  // Its resident memory in bytes.
  std::uint64_t resident() const;

  // As resident(), once it has stopped changing (or after a few seconds).
  std::uint64_t resident_settled() const;

 private:
  pid_t pid_;
  clockid_t clock_ = CLOCK_MONOTONIC;
};

}  // namespace bench

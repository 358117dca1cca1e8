#pragma once

#include <atomic>
#include <memory>

namespace hotline::server {

/// How many runs of something are in progress. Any thread. Move it only while there is none.
class RunningCount {
 public:
  /// One run, which ends with this object. The count must outlive it.
  class Run {
   public:
    explicit Run(const RunningCount& count) : count_(*count.count_) { ++count_; }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { --count_; }

   private:
    std::atomic<int>& count_;
  };

  int read() const { return *count_; }

 private:
  std::unique_ptr<std::atomic<int>> count_ = std::make_unique<std::atomic<int>>(0);
};

}  // namespace hotline::server

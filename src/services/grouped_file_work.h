#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/mutex.h"

namespace hotline::services {

/// Runs what several fibers bring at the same time as one piece of file work: what comes while a
/// group runs is the next one. Any thread.
class GroupedFileWork {
 public:
  /// Runs `work` as run_file_work() does, but a cancel or a deadline does not end it: it is soon
  /// over. `work` may use the memory of the caller. Rethrows what it throws.
  Result<void> run(std::move_only_function<void()> work);

 private:
  struct Piece;

  Result<Mutex::Lock> begin(const std::shared_ptr<Piece>& own);
  void run_group();

  Mutex running_;     ///< Held by the fiber that runs a group.
  std::mutex mutex_;  ///< For the following. Never held across a wait.
  std::vector<std::shared_ptr<Piece>> waiting_{};
};

}  // namespace hotline::services

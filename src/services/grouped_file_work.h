#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "hotline/core/result.h"

namespace hotline::services {

/// Runs what several fibers bring at the same time as one piece of file work. While a group runs,
/// what comes waits, in this order: until the group ends, or until enough has come for another
/// group beside it. Up to four groups run at once. Any thread.
class GroupedFileWork {
 public:
  /// Runs `work` as run_file_work() does, and returns when it has ended: it may use the memory of
  /// the caller. Neither a cancel nor a deadline ends it, so it must be soon over. Each other work
  /// of the group delays its return: what waits for the disk (DiskFile::sync()) does not belong
  /// here. Fails with `resource_exhausted` if there is no memory for the group, and as
  /// run_file_work() does; `work` has not run then. Rethrows what `work` throws, and throws
  /// std::bad_alloc before `work` is taken in.
  Result<void> run(std::move_only_function<void()> work);

 private:
  struct Piece;
  using Pieces = std::vector<std::shared_ptr<Piece>>;

  void begin_next() noexcept;
  void run_group(Piece& first);
  static void perform(Piece& first, const Pieces& others) noexcept;

  std::mutex mutex_;  ///< For the following. Never held across a wait.
  Pieces waiting_{};
  std::size_t running_ = 0;  ///< Groups.
};

}  // namespace hotline::services

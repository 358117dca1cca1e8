#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "hotline/engine/mutex.h"
#include "services/file_home.h"
#include "services/file_outcome.h"
#include "services/file_request.h"

namespace hotline::services {

/// Stores the small files of one connection in groups: those that arrive while a group is stored
/// are the next one, and wait for the disk together. One loop.
class SmallFileQueue {
 public:
  /// `home` must outlive this object.
  explicit SmallFileQueue(FileHome& home) : home_(home) {}

  /// Stores one; see FileHome::store(). Suspends the fiber.
  FileOutcome<FileVersion> store(PutSmallFile request);

 private:
  struct Waiting {
    PutSmallFile request;
    std::optional<FileOutcome<FileVersion>> outcome{};
  };

  void store_group();

  FileHome& home_;
  Mutex storing_;                                   ///< Held by the fiber that stores a group.
  std::deque<std::shared_ptr<Waiting>> waiting_{};  ///< Shared: one that waits may be cancelled.
};

}  // namespace hotline::services

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
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
  /// Stores a group, and returns the outcomes in the same order.
  using StoreAll =
      std::function<std::vector<FileOutcome<FileVersion>>(std::span<const PutSmallFile>)>;

  explicit SmallFileQueue(StoreAll store_all) : store_all_(std::move(store_all)) {}

  /// `home` must outlive this object.
  explicit SmallFileQueue(FileHome& home)
      : SmallFileQueue(
            [&home](std::span<const PutSmallFile> requests) { return home.store_all(requests); }) {}

  /// Stores one; see FileHome::store(). Suspends the fiber. Throws what storing its group throws;
  /// the others of that group fail with `busy`.
  FileOutcome<FileVersion> store(PutSmallFile request);

 private:
  struct Waiting {
    PutSmallFile request;
    std::optional<FileOutcome<FileVersion>> outcome{};
  };

  void store_group();

  const StoreAll store_all_;
  Mutex storing_;                                   ///< Held by the fiber that stores a group.
  std::deque<std::shared_ptr<Waiting>> waiting_{};  ///< Shared: one that waits may be cancelled.
};

}  // namespace hotline::services

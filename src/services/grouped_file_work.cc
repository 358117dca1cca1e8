#include "services/grouped_file_work.h"

#include <exception>
#include <optional>
#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/file_work.h"
#include "hotline/engine/yield.h"

namespace hotline::services {

struct GroupedFileWork::Piece {
  void run() noexcept {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }

  std::move_only_function<void()> work;
  std::exception_ptr thrown{};
  std::optional<Result<void>> done{};
};

Result<void> GroupedFileWork::run(std::move_only_function<void()> work) {
  const auto own = std::make_shared<Piece>(std::move(work));
  const CancelHold whole;
  const auto lock = begin(own);
  if (!lock) return fail(lock.error());
  if (!own->done) run_group();
  if (own->thrown) std::rethrow_exception(std::exchange(own->thrown, nullptr));
  return *own->done;
}

/// Waits until `own` is done, or can be. Fails if it will not be.
Result<Mutex::Lock> GroupedFileWork::begin(const std::shared_ptr<Piece>& own) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(own);
  }
  for (;;) {
    auto lock = running_.lock();
    if (lock) return lock;
    const std::lock_guard guard(mutex_);
    if (std::erase(waiting_, own) > 0) return lock;
  }
}

void GroupedFileWork::run_group() {
  // What other fibers are about to bring belongs to this group.
  yield();
  std::vector<std::shared_ptr<Piece>> group;
  {
    const std::lock_guard lock(mutex_);
    group.swap(waiting_);
  }
  const auto done = run_file_work([&] {
    for (const auto& each : group) each->run();
  });
  for (const auto& each : group) each->done = done;
}

}  // namespace hotline::services

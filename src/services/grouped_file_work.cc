#include "services/grouped_file_work.h"

#include <cerrno>
#include <exception>
#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/event.h"
#include "hotline/engine/file_work.h"
#include "hotline/engine/yield.h"

namespace hotline::services {
namespace {

constexpr std::size_t kGroupsMax = 4;

/// So many pieces are a group beside one that runs. Fewer would cost a change of threads for
/// little.
constexpr std::size_t kGroupMin = 8;

Error not_run() { return {ErrorKind::resource_exhausted, ENOMEM, "work on files", {}, {}, {}}; }

}  // namespace

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
  Result<void> done = fail(not_run());
  Event has_turn{};       ///< It is to begin a group, or it is over.
  bool is_first = false;  ///< Its fiber runs a group, with this piece first.
};

Result<void> GroupedFileWork::run(std::move_only_function<void()> work) {
  const auto own = std::make_shared<Piece>(std::move(work));
  const CancelHold whole;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(own);
    begin_next();
  }
  // Also without memory for the wait: a group may be using what is the caller's.
  while (!own->has_turn.wait()) yield();
  if (own->is_first) run_group(*own);
  if (own->thrown) std::rethrow_exception(std::exchange(own->thrown, nullptr));
  return std::move(own->done);
}

/// Lets the first that waits begin a group, if there may be another. mutex_ is held.
void GroupedFileWork::begin_next() noexcept {
  const std::size_t wanted = running_ == 0 ? 1 : kGroupMin;
  if (running_ == kGroupsMax || waiting_.size() < wanted) return;
  ++running_;
  const std::shared_ptr<Piece> first = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  first->is_first = true;
  first->has_turn.set();
}

void GroupedFileWork::run_group(Piece& first) {
  // What other fibers are about to bring belongs to this group.
  yield();
  Pieces others;
  {
    const std::lock_guard lock(mutex_);
    others.swap(waiting_);
  }
  perform(first, others);
  {
    const std::lock_guard lock(mutex_);
    --running_;
    begin_next();
  }
  for (const auto& each : others) each->has_turn.set();
}

void GroupedFileWork::perform(Piece& first, const Pieces& others) noexcept {
  try {
    const auto done = run_file_work([&] {
      first.run();
      for (const auto& each : others) each->run();
    });
    first.done = done;
    for (const auto& each : others) each->done = done;
  } catch (const std::exception&) {
    // There is no memory. Those without an outcome keep not_run().
  }
}

}  // namespace hotline::services

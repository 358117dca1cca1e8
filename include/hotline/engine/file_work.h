#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// Runs `work`, which makes many calls of DiskFile, Directory and DirectoryReader, as one piece: on
/// a loop, one of its threads for files (LoopOptions::files) runs it, and performs those calls in
/// place. Otherwise each of them would be handed to such a thread and back, which takes longer than
/// most calls. On a thread without a loop, and in a simulated world, `work` runs where it is
/// called; in the simulated world each of its calls is still one by itself, which may fail or be
/// the last.
///
/// Suspends the fiber, and returns when the work has ended: so it may use the memory of the caller.
/// A deadline or a cancel ends it only before it has begun; then it never runs, and this fails with
/// `timed_out` or `cancelled`. None ends a call within it. Rethrows what `work` throws.
///
/// `work` may wait for files, and for nothing else: not for a Mutex, Semaphore or Event, a stream
/// or a group. What it waits for might need the thread on which it runs. It may hold a std::mutex
/// that is not held across waits, and what the caller has locked remains locked. Other fibers of
/// the loop run at the same time, on another thread.
Result<void> run_file_work(std::move_only_function<void()> work);

/// The same for work that returns a value:
///
///     const auto sizes = file_work([&] { return sizes_of(directory, names); });
template <typename Work, typename Value = std::invoke_result_t<Work&>>
Result<Value> file_work(Work work) {
  static_assert(!std::is_reference_v<Value>, "file work must return a value or nothing");
  if constexpr (std::is_void_v<Value>) {
    return run_file_work([&work] { work(); });
  } else {
    std::optional<Value> value;
    auto done = run_file_work([&] { value.emplace(work()); });
    if (!done) return fail(std::move(done.error()));
    return std::move(*value);
  }
}

}  // namespace hotline

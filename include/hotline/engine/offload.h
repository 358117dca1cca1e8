#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "hotline/core/result.h"

namespace hotline {

/// Runs `work` on a pool of threads (OffloadOptions) and waits for it: the way for a fiber to call
/// what would block its loop (a slow library, a file). What `work` throws is thrown here. Suspends
/// the fiber. On a deadline or a cancel it returns that error at once and leaves `work` to run
/// unseen, with everything that it owns: `work` must own what it touches. Only work that waits
/// beyond OffloadOptions::waiting_max is dropped then, and never runs. A task that was cancelled
/// before begins no work.
Result<void> offload_work(std::move_only_function<void()> work);

/// The same for work that may have a value:
/// `Result<int> n = offload([path] { return count_lines(path); });`
template <typename Work, typename Value = std::invoke_result_t<Work&>>
Result<Value> offload(Work work) {
  static_assert(!std::is_reference_v<Value>, "offloaded work must return a value or nothing");
  if constexpr (std::is_void_v<Value>) {
    return offload_work(std::move(work));
  } else {
    auto value = std::make_shared<std::optional<Value>>();
    auto done = offload_work([value, work = std::move(work)]() mutable { value->emplace(work()); });
    if (!done) return fail(std::move(done.error()));
    return std::move(**value);
  }
}

}  // namespace hotline

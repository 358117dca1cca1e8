#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// Runs `work` on a pool of threads (OffloadOptions) and waits for it. A fiber uses it for calls
/// that would block its loop, such as a slow library or a file. Rethrows what `work` throws.
/// Suspends the fiber. When a deadline passes or the fiber is cancelled, it returns that error at
/// once; `work` then runs to its end unobserved, so `work` must own everything that it uses. Work
/// that still waits for room (beyond OffloadOptions::waiting_max) is dropped instead and never
/// runs. If the calling fiber is cancelled already, `work` does not run.
Result<void> offload_work(std::move_only_function<void()> work);

/// The same for work that may return a value: `Result<int> n = offload([path] { return
/// count_lines(path); });`
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

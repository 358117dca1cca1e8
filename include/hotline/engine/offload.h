#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "hotline/core/result.h"

namespace hotline {

/// Runs `work` on a small pool of threads and waits for it: the way for a fiber to call what would
/// block its loop (name lookup, a slow library). Suspends the fiber. On a deadline or a cancel it
/// returns that error at once and leaves `work` to finish unseen: `work` must own what it touches
/// and must not throw.
Result<void> offload_work(std::function<void()> work);

/// The same for work that has a value: `Result<int> n = offload([path] { return count_lines(path);
/// });`. What `work` throws is thrown here.
template <typename Work, typename Value = std::invoke_result_t<Work>>
Result<Value> offload(Work work) {
  struct Outcome {
    std::optional<Value> value;
    std::exception_ptr thrown;
  };
  auto outcome = std::make_shared<Outcome>();
  auto done = offload_work([outcome, work = std::move(work)]() mutable {
    try {
      outcome->value.emplace(work());
    } catch (...) {
      outcome->thrown = std::current_exception();
    }
  });
  if (!done) return fail(std::move(done.error()));
  if (outcome->thrown) std::rethrow_exception(outcome->thrown);
  return std::move(*outcome->value);
}

}  // namespace hotline

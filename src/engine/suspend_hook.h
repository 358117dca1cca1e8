#pragma once

#include <utility>

namespace hotline::engine {

/// Notified when the fiber or thread that it is installed on waits. See Engine::suspend_hook().
class SuspendHook {
 public:
  virtual void suspended() noexcept = 0;

 protected:
  ~SuspendHook() = default;
};

/// Installs a hook until it is destroyed or removed, and then puts back the one that was there.
class SuspendHookScope {
 public:
  /// `place` is Engine::suspend_hook() of the fiber or thread; both outlive this.
  SuspendHookScope(SuspendHook*& place, SuspendHook& hook)
      : place_(&place), outer_(std::exchange(place, &hook)) {}
  SuspendHookScope(const SuspendHookScope&) = delete;
  SuspendHookScope& operator=(const SuspendHookScope&) = delete;
  ~SuspendHookScope() { remove(); }

  /// Idempotent.
  void remove() {
    if (place_ != nullptr) *std::exchange(place_, nullptr) = outer_;
  }

  /// Returns true if there was a hook before.
  bool is_nested() const { return outer_ != nullptr; }

 private:
  SuspendHook** place_;  ///< Null after remove().
  SuspendHook* outer_;
};

}  // namespace hotline::engine

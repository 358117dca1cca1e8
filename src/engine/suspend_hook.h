#pragma once

namespace hotline::engine {

/// Notified when the fiber or thread that it is installed on waits. See Engine::suspend_hook().
class SuspendHook {
 public:
  virtual void suspended() noexcept = 0;

 protected:
  ~SuspendHook() = default;
};

}  // namespace hotline::engine

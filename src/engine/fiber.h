#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>

#include "engine/annotations.h"
#include "engine/engine.h"
#include "engine/stack_pool.h"
#include "engine/suspend_hook.h"
#include "engine/wait.h"

namespace hotline::engine {

class FiberGroup;

/// The state of C++ exceptions that belongs to one stack: what `catch` blocks hold, and how many
/// exceptions are in flight (Itanium C++ ABI, __cxa_eh_globals). It is saved across switches.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

/// A stackful coroutine. It is stored at the top of its own stack, stays on the thread of its loop,
/// and ends when its body returns. Only EventLoop makes, runs and frees fibers.
class Fiber {
 public:
  using Body = std::move_only_function<void()>;

  /// The name that it was started with, for the report of a stack overflow.
  std::string_view name() const { return name_; }

  const Stack& stack() const { return stack_; }

  Scope scope;

  /// Called each time the fiber waits or yields. May be null. Not called when the fiber has only
  /// used up its share of a turn. It must not wait.
  SuspendHook* suspend_hook = nullptr;

  /// The number of results that operations may still take without waiting before other fibers run.
  std::uint32_t budget = 0;

 private:
  friend class EventLoop;
  friend class FiberGroup;
  friend class ReadyQueue;
  friend class TimerHeap;

  Fiber() = default;

  void* context_ = nullptr;
  Fiber* next_ready_ = nullptr;
  Wait* wait_ = nullptr;
  FiberGroup* group_ = nullptr;
  Fiber* previous_in_group_ = nullptr;
  Fiber* next_in_group_ = nullptr;

  // A timer stays in the heap when its wait ends early, because the next wait will have a later
  // deadline: see TimerHeap.
  Deadline wait_deadline_ = Deadline::never();
  Instant heap_instant_{};
  std::uint32_t heap_index_ = ~0U;

  ExceptionState exceptions_;
  StackAnnotation annotation_;
  Stack stack_;
  Body body_;
  std::exception_ptr thrown_;
  std::string_view name_;
};

}  // namespace hotline::engine

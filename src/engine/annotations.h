#pragma once

// What sanitizers and valgrind need to know about stacks that the program switches itself, and
// about memory that liburing maps. Only this file knows which of these tools the build is for;
// without them everything here does nothing.

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define HOTLINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOTLINE_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define HOTLINE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HOTLINE_TSAN 1
#endif
#endif

#ifdef HOTLINE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef HOTLINE_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif

namespace hotline::engine {

#ifdef HOTLINE_ASAN
inline constexpr bool kUnderAsan = true;
#else
inline constexpr bool kUnderAsan = false;
#endif

/// ThreadSanitizer runs one thread of its own in the program.
#ifdef HOTLINE_TSAN
inline constexpr unsigned kThreadsOfSanitizer = 1;
#else
inline constexpr unsigned kThreadsOfSanitizer = 0;
#endif

/// What the sanitizers keep for one stack. The thread's own stack has one too.
class StackAnnotation {
 public:
  /// Uses the stack of the calling thread.
  void adopt_thread() {
#ifdef HOTLINE_TSAN
    tsan_fiber_ = __tsan_get_current_fiber();
#endif
  }

  /// Uses a new stack of `size` bytes that starts at `bottom`.
  void create(void* bottom, std::size_t size) {
    bottom_ = bottom;
    size_ = size;
#ifdef HOTLINE_ASAN
    // The previous fiber on this stack never returned from its first function, so that the red
    // zones of that function are still there.
    __asan_unpoison_memory_region(bottom, size);
#endif
#ifdef HOTLINE_TSAN
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
  }

  void destroy() {
#ifdef HOTLINE_TSAN
    __tsan_destroy_fiber(tsan_fiber_);
#endif
  }

  /// Call immediately before a switch from this stack to `to`. `is_last`: nothing returns to this
  /// stack.
  void before_switch(StackAnnotation& to, bool is_last) {
    static_cast<void>(to);
    static_cast<void>(is_last);
#ifdef HOTLINE_ASAN
    __sanitizer_start_switch_fiber(is_last ? nullptr : &fake_stack_, to.bottom_, to.size_);
#endif
#ifdef HOTLINE_TSAN
    __tsan_switch_to_fiber(to.tsan_fiber_, 0);
#endif
  }

  /// Call immediately after a switch to this stack. If `from` is the thread's own stack, it learns
  /// its bounds.
  void after_switch(StackAnnotation& from) {
    static_cast<void>(from);
#ifdef HOTLINE_ASAN
    const void* bottom = nullptr;
    std::size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_stack_, &bottom, &size);
    from.bottom_ = const_cast<void*>(bottom);
    from.size_ = size;
#endif
  }

 private:
  [[maybe_unused]] void* bottom_ = nullptr;
  [[maybe_unused]] std::size_t size_ = 0;
  [[maybe_unused]] void* fake_stack_ = nullptr;
  [[maybe_unused]] void* tsan_fiber_ = nullptr;
};

/// System calls that ThreadSanitizer does not see map and unmap rings. This records that the work
/// of one ring's owner happens before that of the next owner, which may get the same address. The
/// unmapping of the first and the mapping of the second lie between the two calls.
class RingMapping {
 public:
  /// Call after a ring has been mapped.
  static void begin() {
#ifdef HOTLINE_TSAN
    __tsan_acquire(&generation);
#endif
  }

  /// Call before a ring is unmapped.
  static void end() {
#ifdef HOTLINE_TSAN
    __tsan_release(&generation);
#endif
  }

 private:
  [[maybe_unused]] static inline char generation = 0;
};

/// Registers a stack with valgrind. Returns the id that unregister_stack() takes.
inline unsigned register_stack(void* bottom, std::size_t size) {
#ifdef VALGRIND_STACK_REGISTER
  return static_cast<unsigned>(VALGRIND_STACK_REGISTER(bottom, static_cast<char*>(bottom) + size));
#else
  static_cast<void>(bottom);
  static_cast<void>(size);
  return 0;
#endif
}

inline void unregister_stack(unsigned id) {
#ifdef VALGRIND_STACK_DEREGISTER
  VALGRIND_STACK_DEREGISTER(id);
#else
  static_cast<void>(id);
#endif
}

}  // namespace hotline::engine

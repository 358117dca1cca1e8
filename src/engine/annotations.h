#pragma once

// What sanitizers and valgrind must be told about stacks that are switched by hand, and about
// memory that liburing maps. The one file that knows which of them this build is for; without them
// everything here is empty.

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

/// ThreadSanitizer runs one of its own beside the program's.
#ifdef HOTLINE_TSAN
inline constexpr unsigned kThreadsOfSanitizer = 1;
#else
inline constexpr unsigned kThreadsOfSanitizer = 0;
#endif

/// What the sanitizers keep for one stack. The thread's own has one too.
class StackAnnotation {
 public:
  /// For the stack of the thread that calls.
  void adopt_thread() {
#ifdef HOTLINE_TSAN
    tsan_fiber_ = __tsan_get_current_fiber();
#endif
  }

  /// For a new stack of `size` bytes from `bottom`.
  void create(void* bottom, std::size_t size) {
    bottom_ = bottom;
    size_ = size;
#ifdef HOTLINE_ASAN
    // The last fiber on it never returned from its first function, whose red zones are still there.
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

  /// Just before a switch from this stack to `to`; `is_last`: this stack is never come back to.
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

  /// Just after a switch to this stack. `from` learns its bounds, if it is the thread's own.
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

/// Rings are mapped and unmapped by system calls that ThreadSanitizer does not see: it is told that
/// what one ring's owner did comes before what the next one's does, perhaps at the same address.
/// Between the two calls lie the unmapping of the one and the mapping of the other.
class RingMapping {
 public:
  /// A ring has just been mapped.
  static void begin() {
#ifdef HOTLINE_TSAN
    __tsan_acquire(&generation);
#endif
  }

  /// A ring is about to be unmapped.
  static void end() {
#ifdef HOTLINE_TSAN
    __tsan_release(&generation);
#endif
  }

 private:
  [[maybe_unused]] static inline char generation = 0;
};

/// Tells valgrind of a stack; the answer is for unregister_stack.
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

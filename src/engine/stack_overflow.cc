#include "engine/stack_overflow.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <mutex>
#include <string_view>

#include "engine/event_loop.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kSignalStackBytes = 64 * 1024;

struct sigaction previous_action;

// A signal handler may not allocate: the message is written piece by piece.
void write_text(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

const Fiber* overflowed_fiber(const void* address) {
  const EventLoop* loop = EventLoop::running();
  if (loop == nullptr || loop->fiber() == nullptr) return nullptr;
  const Stack& stack = loop->fiber()->stack();
  const auto* byte = static_cast<const std::byte*>(address);
  const bool is_in_guard = byte < stack.bottom && byte >= stack.bottom - StackPool::guard_bytes();
  return is_in_guard ? loop->fiber() : nullptr;
}

void report(const Fiber& fiber) {
  std::array<char, 20> digits{};
  const auto end =
      std::to_chars(digits.begin(), digits.end(), fiber.stack().usable_bytes / 1024).ptr;
  write_text("hotline: the stack of fiber '");
  write_text(fiber.name());
  write_text("' overflowed its ");
  write_text({digits.data(), static_cast<std::size_t>(end - digits.data())});
  write_text(
      " KiB\nhint: keep large arrays off fibers, offload() deep calls, or raise "
      "LoopOptions::fiber_stack_bytes\n");
}

void on_fault(int signal, siginfo_t* info, void* context) {
  if (const Fiber* fiber = overflowed_fiber(info->si_addr)) report(*fiber);
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
    return;
  }
  // With the old action in place the fault comes again as soon as this returns, and takes its
  // course.
  ::sigaction(SIGSEGV, &previous_action, nullptr);
}

void install_handler_once() {
  static std::once_flag installed;
  std::call_once(installed, [] {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGSEGV, &action, &previous_action);
  });
}

}  // namespace

StackOverflowReporter::StackOverflowReporter() {
  if (kUnderAsan) return;
  stack_t current{};
  ::sigaltstack(nullptr, &current);
  if ((current.ss_flags & SS_DISABLE) != 0) {
    signal_stack_ = std::make_unique<char[]>(kSignalStackBytes);
    const stack_t own{.ss_sp = signal_stack_.get(), .ss_flags = 0, .ss_size = kSignalStackBytes};
    ::sigaltstack(&own, nullptr);
  }
  install_handler_once();
}

StackOverflowReporter::~StackOverflowReporter() {
  if (!signal_stack_) return;
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
}

}  // namespace hotline::engine

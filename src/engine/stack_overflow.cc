#include "engine/stack_overflow.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>

#include "engine/event_loop.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kSignalStackBytes = 64 * 1024;

/// A fault, and the action that was installed for it before.
struct Fault {
  int signal;
  struct sigaction previous;
};

// SIGBUS is possible where light guards are not available, or where a stack lies beside the mapping
// of a file.
std::array<Fault, 2> faults{{{SIGSEGV, {}}, {SIGBUS, {}}}};

// A signal handler may not allocate, so the message is written piece by piece.
void write_text(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

/// Stacks are writable, so a fault within the memory of the pool is a fault in a guard, perhaps of
/// a neighbour. The fiber that is running caused it.
const Fiber* overflowed_fiber(const void* address) {
  const EventLoop* loop = EventLoop::running();
  const bool is_overflow =
      loop != nullptr && loop->fiber() != nullptr && loop->has_stack_at(address);
  return is_overflow ? loop->fiber() : nullptr;
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

/// With the default action installed, the fault occurs again as soon as the handler returns, and
/// ends the program.
void end_by(int signal) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  if (const Fiber* fiber = overflowed_fiber(info->si_addr)) {
    report(*fiber);
    return end_by(signal);
  }
  const struct sigaction& previous = faults[signal == SIGSEGV ? 0 : 1].previous;
  const bool is_plain = previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN;
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  is_plain ? end_by(signal) : previous.sa_handler(signal);
}

void install_handlers_once() {
  static std::once_flag installed;
  std::call_once(installed, [] {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (Fault& fault : faults) {
      ::sigaction(fault.signal, nullptr, &fault.previous);
      ::sigaction(fault.signal, &action, nullptr);
    }
  });
}

}  // namespace

StackOverflowReporter::StackOverflowReporter() {
  if (kUnderAsan) return;
  stack_t current{};
  ::sigaltstack(nullptr, &current);
  if ((current.ss_flags & SS_DISABLE) != 0) {
    signal_stack_.reset(new (std::nothrow) char[kSignalStackBytes]);
    if (!signal_stack_) return;
    const stack_t own{.ss_sp = signal_stack_.get(), .ss_flags = 0, .ss_size = kSignalStackBytes};
    ::sigaltstack(&own, nullptr);
  }
  install_handlers_once();
}

StackOverflowReporter::~StackOverflowReporter() {
  if (!signal_stack_) return;
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
}

}  // namespace hotline::engine

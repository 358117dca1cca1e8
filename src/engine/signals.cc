#include "engine/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <new>
#include <utility>

#include "engine/engine.h"
#include "engine/operations/read_write.h"

namespace hotline::engine {
namespace {

struct sigaction action_of(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action;
}

}  // namespace

Result<Signals> Signals::block(std::span<const int> signals) {
  Engine& engine = Engine::current();
  std::vector<int> own;
  std::ranges::copy_if(signals, std::back_inserter(own),
                       [&](int signal) { return !engine.is_blocked(signal); });
  const int fd = engine.open_signals(signals);
  if (fd < 0) return fail(system_error(-fd, "watch for signals"));
  return Signals(UniqueFd(fd), std::move(own));
}

Signals::~Signals() {
  if (!channel_) return;
  channel_->close();
  Engine::current().unblock_signals(blocked_);
}

Result<int> Signals::wait() try {
  signalfd_siginfo info{};
  Read read(*channel_, std::as_writable_bytes(std::span(&info, 1)));
  const int result = Engine::current().perform(read, Deadline::never());
  if (result < 0) return fail(operation_error(result, "wait for a signal"));
  return static_cast<int>(info.ssi_signo);
} catch (const std::bad_alloc&) {
  return fail({ErrorKind::resource_exhausted, ENOMEM, "wait for a signal", {}, {}, {}});
}

std::vector<int> without_ignored(std::initializer_list<int> signals) {
  std::vector<int> heeded;
  std::ranges::copy_if(signals, std::back_inserter(heeded),
                       [](int signal) { return action_of(signal).sa_handler != SIG_IGN; });
  return heeded;
}

void ignore_failed_writes() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    struct sigaction action = action_of(signal);
    if (action.sa_handler != SIG_DFL) continue;
    action.sa_handler = SIG_IGN;
    ::sigaction(signal, &action, nullptr);
  }
}

void keep_ends_of_children() {
  struct sigaction action = action_of(SIGCHLD);
  const bool is_ignored = action.sa_handler == SIG_IGN;
  if (!is_ignored && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
  if (is_ignored) action.sa_handler = SIG_DFL;
  action.sa_flags &= ~SA_NOCLDWAIT;
  ::sigaction(SIGCHLD, &action, nullptr);
}

}  // namespace hotline::engine

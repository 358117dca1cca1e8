#include "engine/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/engine.h"
#include "engine/operations/read_write.h"

namespace hotline::engine {

Result<Signals> Signals::block(std::initializer_list<int> signals) {
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

Result<int> Signals::wait() {
  signalfd_siginfo info{};
  Read read(*channel_, std::as_writable_bytes(std::span(&info, 1)));
  const int result = Engine::current().perform(read, Deadline::never());
  if (result < 0) return fail(operation_error(result, "wait for a signal"));
  return static_cast<int>(info.ssi_signo);
}

void ignore_broken_pipes() {
  struct sigaction current {};
  ::sigaction(SIGPIPE, nullptr, &current);
  if (current.sa_handler != SIG_DFL) return;
  current.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &current, nullptr);
}

}  // namespace hotline::engine

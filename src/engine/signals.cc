#include "hotline/engine/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <new>
#include <utility>

#include "engine/engine.h"
#include "engine/operations/read_write.h"

namespace hotline {

using engine::Engine;

namespace {

constexpr std::string_view kWatch = "watch for signals";
constexpr std::string_view kWait = "wait for a signal";

bool is_signal(int number) { return number >= 1 && number <= SIGRTMAX; }

}  // namespace

struct Signals::State {
  State(UniqueFd fd, std::vector<int> own) : channel(std::move(fd)), blocked(std::move(own)) {}

  engine::Channel channel;
  std::vector<int> blocked;  ///< By this, and not before.
};

Signals::Signals(std::unique_ptr<State> state) : state_(std::move(state)) {}
Signals::Signals(Signals&&) noexcept = default;

Result<Signals> Signals::block(std::span<const int> signals) {
  if (!std::ranges::all_of(signals, is_signal)) {
    return fail(make_error(ErrorKind::invalid_argument, kWatch, {}, "there is no such signal"));
  }
  Engine& engine = Engine::current();
  std::vector<int> own;
  std::ranges::copy_if(signals, std::back_inserter(own),
                       [&](int signal) { return !engine.is_blocked(signal); });
  const int fd = engine.open_signals(signals);
  if (fd < 0) return fail(system_error(-fd, kWatch));
  return Signals(std::make_unique<State>(UniqueFd(fd), std::move(own)));
}

Signals::~Signals() {
  if (!state_) return;
  state_->channel.close();
  Engine::current().unblock_signals(state_->blocked);
}

void Signals::keep_blocked() noexcept { state_->blocked.clear(); }

Result<int> Signals::wait(Deadline deadline, OnDrain on_drain) try {
  signalfd_siginfo info{};
  engine::Read read(state_->channel, std::as_writable_bytes(std::span(&info, 1)), on_drain);
  const int result = Engine::current().perform(read, deadline);
  if (result < 0) return fail(engine::operation_error(result, kWait));
  return static_cast<int>(info.ssi_signo);
} catch (const std::bad_alloc&) {
  return fail({ErrorKind::resource_exhausted, ENOMEM, kWait, {}, {}, {}});
}

std::vector<int> without_ignored(std::initializer_list<int> signals) {
  std::vector<int> heeded;
  std::ranges::copy_if(signals, std::back_inserter(heeded), [](int signal) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler != SIG_IGN;
  });
  return heeded;
}

}  // namespace hotline

#include "hotline/engine/raw_terminal.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "engine/above_standard.h"
#include "engine/engine.h"
#include "engine/operations/read_write.h"
#include "engine/terminal.h"
#include "engine/terminal_guard.h"
#include "hotline/engine/pipe.h"

namespace hotline {
namespace {

constexpr std::string_view kOpen = "use the terminal";
constexpr std::string_view kWaitSize = "wait for the size of the terminal";

Error not_usable(std::string_view why) {
  return make_error(ErrorKind::unsupported, kOpen, {}, std::string(why));
}

}  // namespace

struct RawTerminal::State {
  State(UniqueFd counter, PipeReader reader)
      : keys(std::move(reader)), changed(std::move(counter)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (is_guarded) engine::release_guarded_terminal();
  }

  UniqueFd terminal;
  PipeReader keys;
  engine::Channel changed;
  bool is_guarded = false;
};

RawTerminal::RawTerminal(std::unique_ptr<State> state) : state_(std::move(state)) {}
RawTerminal::RawTerminal(RawTerminal&&) noexcept = default;
RawTerminal::~RawTerminal() = default;

Result<RawTerminal> RawTerminal::open() {
  if (engine::Engine::current().is_simulated()) return fail(not_usable("the world is simulated"));
  engine::GuardedTerminal guarded;
  if (::tcgetattr(STDIN_FILENO, &guarded.own) != 0) {
    return fail(not_usable("standard input is not a terminal"));
  }
  auto keys = PipeReader::standard_input();
  if (!keys) return fail(std::move(keys.error()));
  UniqueFd terminal(engine::Engine::current().duplicate(STDIN_FILENO));
  UniqueFd counter(engine::above_standard(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
  if (!terminal || !counter) return fail(system_error(errno, kOpen));
  guarded.fd = terminal.get();
  guarded.changed_counter = counter.get();
  guarded.used = guarded.own;
  ::cfmakeraw(&guarded.used);
  auto state = std::make_unique<State>(std::move(counter), std::move(*keys));
  state->terminal = std::move(terminal);
  const int result = engine::guard_terminal(guarded);
  if (result == -EBUSY) {
    return fail(make_error(ErrorKind::invalid_argument, kOpen, {}, "it is in raw mode already"));
  }
  if (result < 0) return fail(system_error(-result, kOpen));
  state->is_guarded = true;
  return RawTerminal(std::move(state));
}

Result<std::size_t> RawTerminal::read_some(MutableBytes into, Deadline deadline) {
  return state_->keys.read_some(into, deadline);
}

Result<void> RawTerminal::wait_resize(Deadline deadline) try {
  eventfd_t count = 0;
  engine::Read read(state_->changed, std::as_writable_bytes(std::span(&count, 1)),
                    OnDrain::goes_on);
  const int result = engine::Engine::current().perform(read, deadline);
  if (result < 0) return fail(engine::operation_error(result, kWaitSize));
  return {};
} catch (const std::bad_alloc&) {
  return fail({ErrorKind::resource_exhausted, ENOMEM, kWaitSize, {}, {}, {}});
}

std::optional<TerminalSize> RawTerminal::size() const {
  return engine::size_of_terminal(state_->terminal.get());
}

void RawTerminal::stop_program() { ::kill(0, SIGTSTP); }

void RawTerminal::restore() { engine::restore_guarded_terminal(); }

}  // namespace hotline

#include "engine/simulated/simulated_loop.h"

#include <signal.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <exception>
#include <utility>

namespace hotline::engine {
namespace {

constexpr Duration kOffloadMax = std::chrono::milliseconds(50);
constexpr Duration kStopMax = std::chrono::minutes(1);

// One attempt in eight lets other fibers run first, necessary or not.
constexpr std::uint64_t kYieldOneIn = 8;

// Far more than any program of a test does at one instant.
constexpr std::uint64_t kTurnsInPlaceMax = 2'000'000;

// Small, so that messages of a usual length come in pieces.
constexpr std::size_t kSimulatedBufferBytes = 2048;

}  // namespace

/// A channel and the waits on it.
struct SimulatedLoop::State final : ChannelState, Watcher {
  State(SimulatedLoop& owner, Program& user) : loop(owner), program(user) {}

  void note_ready(Direction direction) override {
    if (loop.is_stopped(program)) return;
    Wait*& waiter = side(direction);
    if (waiter != nullptr) loop.complete(*std::exchange(waiter, nullptr), 0);
  }
  Wait*& side(Direction direction) { return direction == Direction::read ? reader : writer; }

  SimulatedLoop& loop;
  Program& program;
  std::weak_ptr<Node> node;  ///< It may outlive the descriptor, or go before the channel.
  Wait* reader = nullptr;
  Wait* writer = nullptr;
  Wait* starving = nullptr;  ///< A reader that waits for a buffer.
};

SimulatedLoop::SimulatedLoop(Universe& universe, Network& network, const LoopOptions& options)
    : EventLoop(options),
      universe_(universe),
      network_(network),
      interpreter_(universe, descriptors_, *this),
      files_(*this, universe),
      buffer_options_{options.receive_buffer_bytes.value_or(kSimulatedBufferBytes),
                      options.receive_memory_max, BufferPool::OnReturn::poison} {}

SimulatedLoop::~SimulatedLoop() { release_channels(); }

Program& SimulatedLoop::start(SimulatedHost& host, std::string_view name, Fiber::Body body) {
  Program& program = programs_.emplace_back(*this, host, buffer_options_);
  program.number = static_cast<int>(programs_.size()) - 1;
  if (program.number == DescriptorTable::kProgramsMax) universe_.die("too many programs");
  const Scope before = std::exchange(scope(), {.program = &program});
  if (!spawn(name, std::move(body), &program.fibers)) {
    universe_.report_broken("there was no stack for a program on " + host.name);
  }
  scope() = before;
  return program;
}

bool SimulatedLoop::run_until(const std::function<bool()>& is_done, Instant until) {
  until_ = until;
  has_stopped_ = false;
  turns_in_place_ = 0;
  do {
    run_while([&] { return !has_stopped_ && !is_done(); });
  } while (!has_stopped_ && !is_done() && pass_time_alone(until));
  return is_done();
}

/// Runs the next events while there is no fiber. Returns false if there are none.
bool SimulatedLoop::pass_time_alone(Instant until) {
  const Deadline next = universe_.events.earliest();
  if (next.is_never() || next.instant() > until) return false;
  universe_.now = std::max(universe_.now, next.instant());
  universe_.events.run_due(universe_.now);
  return true;
}

Program& SimulatedLoop::program() {
  assert(scope().program != nullptr && "this runs on no simulated host");
  return *scope().program;
}

void SimulatedLoop::kill(Program& program) {
  if (!std::exchange(program.is_alive, false)) return;
  universe_.trace.note(universe_.elapsed(), program.host.name, "killed", 0);
  program.runs_from = universe_.now;
  descriptors_.close_all(program);
  program.fibers.interrupt(kCancelEnd);
}

void SimulatedLoop::stop(Program& program, Duration duration) {
  universe_.trace.note(universe_.elapsed(), program.host.name, "stopped", duration.count());
  program.runs_from = std::max(program.runs_from, universe_.now + duration);
  has_stopped_programs_ = true;
  // Plans an event, so that time does not pass beyond that instant at once.
  universe_.after(duration, [] {});
}

Instant SimulatedLoop::runs_from(const Fiber& fiber) const {
  const Program* program = fiber.scope.program;
  return program == nullptr ? Instant() : program->runs_from;
}

/// Wakes the waits of programs that were stopped and run again, if they have become ready.
void SimulatedLoop::note_what_was_missed() {
  if (!std::exchange(has_stopped_programs_, false)) return;
  for (State* state : states_) {
    const auto node = state->node.lock();
    if (is_stopped(state->program)) has_stopped_programs_ = true;
    if (!node || node->references == 0) continue;
    for (const Direction direction : {Direction::read, Direction::write}) {
      if (node->is_ready(direction)) state->note_ready(direction);
    }
  }
}

void SimulatedLoop::raise(Program& program, int signal) {
  universe_.trace.note(universe_.elapsed(), program.host.name, "signal", signal);
  if (!deliver(program, signal)) kill(program);
}

bool SimulatedLoop::deliver(Program& program, int signal) {
  return std::ranges::any_of(program.signals, [&](const auto& weak) {
    const auto node = weak.lock();
    return node && node->references > 0 && node->raise(signal);
  });
}

ReadyQueue SimulatedLoop::take_batch() {
  const std::size_t count = ready_count();
  if (count > fiber_count()) universe_.die("a fiber was made ready twice");
  ReadyQueue batch;
  if (count > 0) batch.push(take_ready(universe_.chance.below(count)));
  return batch;
}

void SimulatedLoop::turn(Deadline until) {
  read_mailbox();
  note_what_was_missed();
  universe_.events.run_due(universe_.now);
  feed_starved();
  if (ready_count() > 0) {
    stop_if_going_round();
    return;
  }
  const Deadline next = Deadline::earliest(until, universe_.events.earliest());
  if (next.has_passed(universe_.now)) {
    stop_if_going_round();
    return;
  }
  turns_in_place_ = 0;
  check_time_passes();
  if (next.is_never() || next.instant() > until_) {
    has_stopped_ = true;
    if (!next.is_never()) universe_.now = std::max(universe_.now, until_);
    return;
  }
  wait_for_events(until);
}

/// Lets time pass to the first event or to `until`, whichever is earlier.
void SimulatedLoop::wait_for_events(Deadline until) {
  const Deadline first = universe_.events.earliest();
  const bool may_miss = first < until && until <= Deadline::at(until_);
  if (may_miss && universe_.strikes(Fault::early_wake, "world")) {
    universe_.now = until.instant();
    return;
  }
  universe_.now = Deadline::earliest(first, until).instant();
  universe_.events.run_due(universe_.now);
}

/// Fibers that keep waking each other or themselves would never let time pass.
void SimulatedLoop::stop_if_going_round() {
  if (++turns_in_place_ < kTurnsInPlaceMax) return;
  if (turns_in_place_ == kTurnsInPlaceMax) {
    universe_.report_broken("fibers run on and on, and no time passes");
  }
  has_stopped_ = true;
}

/// Time passes only when no fiber can run. A fiber whose node is ready has missed a wake-up.
void SimulatedLoop::check_time_passes() const {
  for (const State* state : states_) {
    const auto node = state->node.lock();
    if (!node || node->references == 0 || is_stopped(state->program)) continue;
    const bool is_forgotten = (state->reader != nullptr && node->is_ready(Direction::read)) ||
                              (state->writer != nullptr && node->is_ready(Direction::write));
    if (is_forgotten) {
      universe_.report_broken("a fiber waits for a " + std::string(node->kind()) + " on " +
                              node->host().name + " that is ready");
    }
  }
}

int SimulatedLoop::attempt(Operation& operation) {
  return program().is_alive ? interpreter_.attempt(operation, program()) : -ECANCELED;
}

int SimulatedLoop::interpret(Operation& operation, Deadline deadline) {
  if (const int ended = check_scope(); ended < 0) return ended;
  if (!program().is_alive) return -kCancelEnd;
  State& state = attached_state(operation.channel());
  for (;;) {
    const int result = try_operation(operation, deadline);
    if (result != -EAGAIN) return result;
    if (is_due(deadline)) return -kDeadlineEnd;
    if (state.side(operation.direction()) != nullptr) {
      universe_.report_broken("two fibers wait the same way on one descriptor of " +
                              program().host.name);
    }
    if (universe_.strikes(Fault::process_stop, program().host.name)) {
      stop(program(), universe_.chance.between(Duration(0), kStopMax));
    }
    PlainWait wait(*this, operation.on_drain());
    state.side(operation.direction()) = &wait;
    const int waited = park(wait, deadline);
    const Deadline bound = Deadline::earliest(deadline, scope().deadline);
    const Instant could_end = std::max(bound.instant(), program().runs_from);
    if (!bound.is_never() && universe_.now > could_end) {
      universe_.report_broken("a wait outlived its deadline");
    }
    if (has_left(operation.channel(), state)) return -kCancelEnd;
    state.side(operation.direction()) = nullptr;
    if (waited == -kDrainEnd) {
      const int last = interpreter_.attempt(operation, program());
      return last == -EAGAIN || last == -ENOBUFS ? waited : last;
    }
    if (waited < 0) return waited;
  }
}

/// Attempts the operation once, possibly after other fibers have run. Waits if only a buffer is
/// missing.
int SimulatedLoop::try_operation(Operation& operation, Deadline deadline) {
  const Channel& channel = operation.channel();
  const ChannelState& state = *state_of(channel);
  if (universe_.chance.below(kYieldOneIn) == 0) {
    yield();
    if (has_left(channel, state)) return -kCancelEnd;
  }
  for (;;) {
    const bool is_full = program().buffers.free_count() == 0;
    const int result = interpreter_.attempt(operation, program());
    const bool wants_buffer =
        result == -ENOBUFS && operation.kind() == Operation::Kind::receive && is_full;
    if (!wants_buffer) return result;
    const int waited = wait_for_buffer(operation, deadline);
    if (has_left(channel, state)) return -kCancelEnd;
    if (waited < 0) return waited;
  }
}

int SimulatedLoop::wait_for_buffer(const Operation& operation, Deadline deadline) {
  const Channel& channel = operation.channel();
  State& state = static_cast<State&>(*state_of(channel));
  PlainWait wait(*this, operation.on_drain());
  starved_.emplace_back(&wait, &program());
  state.starving = &wait;
  const int waited = park(wait, deadline);
  if (!has_left(channel, state)) state.starving = nullptr;
  std::erase_if(starved_, [&](const auto& each) { return each.first == &wait; });
  return waited;
}

void SimulatedLoop::feed_starved() {
  for (const auto& [wait, owner] : starved_) {
    if (owner->buffers.free_count() > 0) complete(*wait, 0);
  }
}

SimulatedLoop::State& SimulatedLoop::attached_state(Channel& channel) {
  if (ChannelState* known = state_of(channel)) return static_cast<State&>(*known);
  auto* state = new State(*this, program());
  attach(channel, *state);
  states_.push_back(state);
  state->node = descriptors_.share(channel.fd());
  if (const auto node = state->node.lock()) node->watch(*state);
  return *state;
}

void SimulatedLoop::begin_watch(Channel& channel, ReadWatch& watch) {
  State& state = attached_state(channel);
  const auto node = state.node.lock();
  if (!node || node->is_ready(Direction::read)) return complete(watch, 0);
  state.reader = &watch;
}

void SimulatedLoop::unwatch(Channel& channel) {
  if (auto* state = static_cast<State*>(state_of(channel))) state->reader = nullptr;
}

void SimulatedLoop::withdraw(Channel& channel) {
  auto* state = static_cast<State*>(state_of(channel));
  if (state == nullptr) return;
  if (const auto node = state->node.lock()) node->unwatch(*state);
  for (Wait* waiter : {state->reader, state->writer, state->starving}) {
    if (waiter != nullptr) complete(*waiter, -kCancelEnd);
  }
  std::erase(states_, state);
  detach(*state);
  delete state;
}

int SimulatedLoop::offload(OffloadPool::Work work) {
  if (scope().code_in_force() == kCancelEnd) return -kCancelEnd;
  // The work gets a thread's stack, as on other engines.
  run_deep([this, &work, owner = &program()] {
    const Scope outer = std::exchange(scope(), {.program = owner});
    work();
    scope() = outer;
  });
  const Instant ends = universe_.now + universe_.chance.between(Duration(0), kOffloadMax);
  const int waited = wait_until(Deadline::at(ends), OnDrain::goes_on);
  return waited == -kDeadlineEnd && universe_.now >= ends ? 0 : waited;
}

class SimulatedLoop::FiberWorker final : public Worker {
 public:
  FiberWorker(SimulatedLoop& loop, WorkerTask task) : loop_(loop), task_(std::move(task)) {}

  ~FiberWorker() override {
    if (is_over_) return;
    EndWait wait;
    end_wait_ = &wait;
    loop_.park(wait, Deadline::never());
  }

  bool start() {
    // Like a thread, it does not inherit the deadlines of the fiber that starts it.
    const Scope outer = std::exchange(loop_.scope(), {.program = &loop_.program()});
    const bool has_started = loop_.spawn(
        task_.name, [this] { run(); }, &loop_.program().fibers);
    loop_.scope() = outer;
    return has_started;
  }

  void interrupt(int end_code) override {
    asked_ = std::max(asked_, end_code);
    if (fiber_ != nullptr) loop_.interrupt(*fiber_, end_code);
  }

  void post(Mailbox::Letter letter) override { loop_.mailbox()->post(std::move(letter)); }

 private:
  /// Like joining a thread, this wait ends only when the worker does.
  class EndWait final : public Wait {
   public:
    void interrupt(int) noexcept override {}
  };

  void run() {
    fiber_ = loop_.fiber();
    fiber_->scope.end_code = std::max(fiber_->scope.end_code, asked_);
    std::exception_ptr thrown;
    try {
      task_.body();
    } catch (...) {
      thrown = std::current_exception();
    }
    fiber_ = nullptr;
    is_over_ = true;
    // The waiter for the end may destroy this object as soon as it is notified.
    auto on_end = std::move(task_.on_end);
    if (end_wait_ != nullptr) loop_.complete(*end_wait_, 0);
    on_end();
    if (thrown) std::rethrow_exception(thrown);
  }

  SimulatedLoop& loop_;
  WorkerTask task_;
  EndWait* end_wait_ = nullptr;
  Fiber* fiber_ = nullptr;
  int asked_ = 0;
  bool is_over_ = false;
};

Result<std::unique_ptr<Worker>> SimulatedLoop::start_worker(WorkerTask task) {
  auto worker = std::make_unique<FiberWorker>(*this, std::move(task));
  if (worker->start()) return worker;
  return fail(system_error(ENOMEM, "start a fiber"));
}

}  // namespace hotline::engine

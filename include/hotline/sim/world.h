#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/engine/fault_plan.h"

namespace hotline::sim {

/// What a world is made with, besides its seed.
struct WorldOptions {
  FaultPlan faults{};  ///< None; FaultPlan::of_seed(seed) for the worst day.
  Duration latency_min = std::chrono::microseconds(50);  ///< From host to host, one way,
  Duration latency_max = std::chrono::milliseconds(5);   ///< evenly between the two.
  std::size_t stream_window_bytes = 64 * 1024;           ///< Sent and not read, for each direction.
  std::size_t datagram_queue_bytes = 256 * 1024;       ///< Received and not read, for each socket.
  Duration time_max = std::chrono::hours(24 * 7);      ///< What goes on for longer never ends.
  LoopOptions loop{};                                  ///< Stacks and receive buffers.
  std::function<void(std::string_view line)> trace{};  ///< Told of everything that happens.
};

/// How a run went.
struct Outcome {
  std::vector<std::string> broken;  ///< What must hold and did not; empty if all did.
  Duration simulated{};             ///< How much time passed in the world.
  FaultCounts faults;
  std::uint64_t trace_hash = 0;  ///< The same for the same seed, programs and options.

  bool holds() const { return broken.empty(); }

  /// What is broken, a line each; empty if nothing is.
  std::string to_string() const;
};

class World;

/// A machine of a world: `10.0.0.N`, `10.0.1.N` and `fd00::N`, by its name to all others; its
/// loopback is its own. A handle, valid as long as the world.
class Host {
 public:
  std::string_view name() const;

  /// Its first address is what it sends from where nothing else is asked.
  std::string address(std::size_t index = 0) const;

  /// Starts a program: `body` runs on a fiber, with whatever it starts, once the world runs. What
  /// leaves it as an exception is broken.
  void run(std::move_only_function<void()> body);

  /// Ends its programs as SIGKILL does: sockets are closed as a dying process leaves them, and
  /// nothing that their code does on the way out has any effect. Others can be started.
  void kill();

  /// Its programs do not run for `duration`, as after SIGSTOP or in a suspended machine: time
  /// passes, and what is sent to them waits.
  void stop(Duration duration);

  /// As kill(2) for each program: one that does not wait for it dies.
  void signal(int number);

  void step_clock(Duration step);
  void set_clock_drift(std::int64_t per_million);

  /// As RLIMIT_NOFILE, for each of its programs.
  void set_descriptors_max(std::size_t count);

 private:
  friend class World;
  Host(World& world, void* host) : world_(&world), host_(host) {}

  World* world_;
  void* host_;
};

/// A network of hosts in the memory of one thread, with a clock of its own and every chance drawn
/// from one seed: what a test of a server runs in. The code under test is the same as elsewhere;
/// inside, Server, connect, sleep_for and the rest are simulated, `loops:N` and `threads:N` are
/// fibers, and there is no `processes`. Not movable.
///
///     World world(seed, {.faults = FaultPlan::of_seed(seed)});
///     world.host("a").run([] { hotline::serve("tcp://:8000", upper); });
///     world.host("b").run([&] { answer = ask("tcp://a:8000", "hello"); });
///     const Outcome outcome = world.run();
///
/// What is made in a program (a Server, a Stream) must go before that program ends. A program must
/// not touch what the world cannot see: threads, the system's clock, real files.
class World {
 public:
  explicit World(std::uint64_t seed, WorldOptions options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// The host of that name, made on first use.
  Host host(std::string_view name);

  /// For so long nothing goes between the two, from now on.
  void part(Host one, Host other, Duration duration);

  /// Does `action`, outside of every program, when so much time has passed.
  void at(Duration since_beginning, std::move_only_function<void()> action);

  /// Runs until nothing can happen any more, then asks the programs that are left to drain (SIGTERM
  /// for those that wait for it), at last cancels them, and then looks whether everything holds: no
  /// fiber, descriptor or lease is left, no wait outlived its deadline, nobody was forgotten.
  Outcome run();

  /// Runs until `is_done`: false if that never comes.
  bool run_until(const std::function<bool()>& is_done);

  std::uint64_t seed() const;
  Duration elapsed() const;

 private:
  friend class Host;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hotline::sim

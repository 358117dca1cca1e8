#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/engine/clock_status.h"
#include "hotline/engine/engine_choice.h"
#include "hotline/engine/fault_plan.h"

namespace hotline HOTLINE_PUBLIC {
namespace sim {

/// The options of a world, besides its seed.
struct WorldOptions {
  FaultPlan faults{};  ///< By default none; FaultPlan::of_seed(seed) chooses some for each seed.
  /// The time from host to host, one way, is evenly distributed between these two.
  Duration latency_min = std::chrono::microseconds(50);
  Duration latency_max = std::chrono::milliseconds(5);

  std::size_t stream_window_bytes = 64 * 1024;    ///< Bytes sent and not read, in each direction.
  std::size_t datagram_queue_bytes = 256 * 1024;  ///< Bytes received and not read, by each socket.

  /// A run longer than this is reported as one that never ends.
  Duration time_max = std::chrono::hours(24 * 7);

  LoopOptions loop{};                                  ///< Stacks and receive buffers.
  std::function<void(std::string_view line)> trace{};  ///< Called with a line for every event.
};

/// The result of a run.
struct Outcome {
  std::vector<std::string> broken;  ///< Invariants that did not hold; empty if all did.
  Duration simulated{};             ///< How much time passed in the world.
  FaultCounts faults;
  std::uint64_t trace_hash = 0;  ///< The same for the same seed, programs and options.

  bool holds() const { return broken.empty(); }

  /// Returns the broken invariants, one on each line; empty if there are none.
  std::string to_string() const;
};

class World;

/// A machine of a world, with the addresses `10.0.0.N`, `10.0.1.N` and `fd00::N`. The other hosts
/// know its name; its loopback is its own. A handle, valid as long as the world.
class Host {
 public:
  std::string_view name() const;

  /// Returns one of its addresses. The first is the source of what it sends, unless a program asks
  /// for another.
  std::string address(std::size_t index = 0) const;

  /// Starts a program: `body` runs on a fiber when the world runs, and all that it starts belongs
  /// to the program. An exception that leaves it is reported as broken.
  void run(std::move_only_function<void()> body);

  /// Kills its programs as SIGKILL does: closes their sockets as the death of a process does. What
  /// their code does afterwards, as it unwinds, has no effect. Other programs can be started.
  void kill();

  /// Kills its programs as kill() does, and takes from its files what a power cut could take: any
  /// of the writes to a file since its last sync, and the last changes of the names in a directory
  /// since that was synced. Started again, the machine has the rest.
  void cut_power();

  /// Stops its programs for `duration`, as SIGSTOP or a suspended machine does: time passes, and
  /// data sent to them waits.
  void stop(Duration duration);

  /// Sends a signal to each of its programs, as kill(2) does. A program that does not receive the
  /// signal (see Signals and SignalUse) is killed.
  void signal(int number);

  void step_clock(Duration step);
  void set_clock_drift(std::int64_t per_million);

  /// Sets what clock_status() returns to its programs: at first that of a clock which nothing sets.
  /// It does not change by itself.
  void set_clock_status(const ClockStatus& status);

  /// Sets RLIMIT_NOFILE for each of its programs.
  void set_descriptors_max(std::size_t count);

 private:
  friend class World;
  Host(World& world, void* host) : world_(&world), host_(host) {}

  World* world_;
  void* host_;
};

/// A network of hosts in the memory of one thread, for tests of servers. It has a clock of its own,
/// and one seed determines all random choices. The code under test is the same as elsewhere: inside
/// a world, Server, connect, sleep_for and the rest are simulated, `loops:N` and `threads:N` are
/// fibers, and `processes` does not exist. Not movable.
///
///     World world(seed, {.faults = FaultPlan::of_seed(seed)});
///     world.host("a").run([] { hotline::serve("tcp://:8000", upper); });
///     world.host("b").run([&] { answer = ask("tcp://a:8000", "hello"); });
///     const Outcome outcome = world.run();
///
/// What a program makes (a Server, a Stream) must be destroyed before that program ends. A program
/// must not use what the world cannot see: threads, the system's clock, real files.
class World {
 public:
  explicit World(std::uint64_t seed, WorldOptions options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// Returns the host with that name; makes it on first use.
  Host host(std::string_view name);

  /// Partitions the two hosts for `duration`, starting now.
  void part(Host one, Host other, Duration duration);

  /// Runs `action`, outside of every program, at that time since the beginning.
  void at(Duration since_beginning, std::move_only_function<void()> action);

  /// Runs until no event is left, then drains the programs that remain (by SIGTERM, if they receive
  /// it), and finally cancels them. Returns what did not hold (see Outcome::broken): no fiber,
  /// descriptor or lease may be left, no wait may outlive its deadline, and no fiber may miss a
  /// wake-up.
  Outcome run();

  /// Runs until `is_done` returns true. Returns false if that never happens.
  bool run_until(const std::function<bool()>& is_done);

  std::uint64_t seed() const;
  Duration elapsed() const;

 private:
  friend class Host;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sim
}  // namespace hotline

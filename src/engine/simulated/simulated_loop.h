#pragma once

#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/plain_wait.h"
#include "engine/simulated/descriptor_table.h"
#include "engine/simulated/interpreter.h"
#include "engine/simulated/network.h"
#include "engine/simulated/program.h"
#include "engine/simulated/simulated_files.h"
#include "engine/simulated/universe.h"

namespace hotline::engine {

/// Runs the fibers of all programs of a simulated world, one at a time, in an order that the seed
/// determines. When no fiber can run, time jumps to the next event. The loop uses nothing of the
/// system except memory. One thread.
class SimulatedLoop final : public EventLoop {
 public:
  SimulatedLoop(Universe& universe, Network& network, const LoopOptions& options);
  ~SimulatedLoop() override;

  /// Starts a program on `host` that runs `body`. The program ends when all its fibers have ended.
  Program& start(SimulatedHost& host, std::string_view name, Fiber::Body body);

  /// Runs until `is_done` returns true, until no events are left, or until `until`. Returns whether
  /// it is done.
  bool run_until(const std::function<bool()>& is_done, Instant until);

  /// Kills a program: closes its sockets as the death of a process does. What its fibers do
  /// afterwards, as they end, has no effect.
  void kill(Program& program);

  /// Kills all programs of `host`, and takes from its files what is not on the disk.
  void cut_power(SimulatedHost& host);

  /// Stops `program` for `duration`, as SIGSTOP does: time passes, and data sent to it waits. When
  /// it continues, its wait for events has ended without reporting any.
  void stop(Program& program, Duration duration);

  /// Sends a signal as kill(2) does: a program that does not wait for `signal` is killed.
  void raise(Program& program, int signal);

  /// The same, but a program that does not wait for `signal` is not affected. Returns whether it
  /// waits for it.
  bool deliver(Program& program, int signal);

  /// Returns the program to which the running fiber, or the code outside of any fiber, belongs.
  Program& program();
  std::list<Program>& programs() { return programs_; }
  const DescriptorTable& descriptors() const { return descriptors_; }

  /// A simulated process, which `body` plays, with its standard input and output. The descriptors
  /// belong to the running program.
  struct StandIn {
    int pidfd = -1;
    int input = -1;   ///< For writing.
    int output = -1;  ///< For reading.
  };
  using Script = std::function<ProcessEnd(Channel& input, Channel& output)>;
  StandIn start_process(Script script);

  std::string_view name() const override { return "simulated"; }
  bool is_simulated() const override { return true; }
  Buffer take_buffer() override;
  void unwatch(Channel& channel) override;
  int attempt(Operation& operation) override;
  int offload(OffloadPool::Work work) override;
  FileKernel& file_kernel() override { return files_; }
  int begin_file_work() override;
  int perform_file_work(OffloadPool::Work work) override;
  Result<std::unique_ptr<Worker>> start_worker(WorkerTask task) override;

  int open_socket(int family, int type) override;
  int bind(int fd, const SocketAddress& address) override;
  int listen(int fd, int backlog) override;
  int set_option(int fd, int level, int option, const void* value, std::size_t size) override;
  int get_option(int fd, int level, int option, void* value, std::size_t& size) override;
  int local_address(int fd, SocketAddress& address) override;
  int peer_address(int fd, SocketAddress& address) override;
  int shut_down(int fd, int how) override;
  void close(UniqueFd fd) override;
  int duplicate(int fd) override;
  int set_non_blocking(int fd) override;
  int set_blocking(int fd) override;
  int open_counter() override;
  void add_to_counter(int fd) override;
  int take_from_counter(int fd) override;
  int open_signals(std::span<const int> signals) override;
  bool is_blocked(int) override { return false; }
  void unblock_signals(std::span<const int> signals) override;
  std::size_t raise_descriptor_limit() override;
  std::uint32_t effective_user() override;
  unsigned core_count() override;
  NameAnswer look_up(const NameQuestion& question) override;
  int path_status(const std::string& path, PathStatus& status) override;
  int remove_path(const std::string& path) override;
  int set_path_mode(const std::string& path, unsigned mode) override;
  int set_mode(int fd, unsigned mode) override;
  int lock_file(const std::string& path) override;
  void unlock_file(const std::string& path, UniqueFd lock) override;
  Instant read_clock() override { return universe_.now; }
  Instant read_coarse_clock() override { return universe_.now; }
  std::chrono::system_clock::time_point read_wall_clock() override;
  int read_clock_status(ClockStatus& status) override;
  Duration wall_clock_granularity() override;
  void fill_random(MutableBytes bytes) override { universe_.chance.fill(bytes); }

 protected:
  int interpret(Operation& operation, Deadline deadline) override;
  void withdraw(Channel& channel) override;
  void abandon(Channel& channel) override { withdraw(channel); }
  void turn(Deadline until) override;
  void begin_watch(Channel& channel, ReadWatch& watch) override;
  ReadyQueue take_batch() override;
  Instant runs_from(const Fiber& fiber) const override;
  bool has_ready() const override { return ready_count() > 0; }

 private:
  friend class SimulatedFiles;
  class FiberWorker;
  struct State;

  State& attached_state(Channel& channel);
  int try_operation(Operation& operation, Deadline deadline);
  int wait_for_buffer(const Operation& operation, Deadline deadline);
  void feed_starved();
  bool pass_time_alone(Instant until);
  void check_time_passes() const;
  void stop_if_going_round();
  void wait_for_events(Deadline until);
  bool is_stopped(const Program& program) const { return program.runs_from > universe_.now; }
  void note_what_was_missed();
  int open(std::shared_ptr<Node> node);
  bool is_dead();

  /// Returns the node of a descriptor of the running program, or null. A killed program has none,
  /// because its numbers may have been reused.
  template <typename Kind = Node>
  Kind* find(int fd) {
    return is_dead() ? nullptr : descriptors_.find_as<Kind>(fd);
  }

  Universe& universe_;
  Network& network_;
  DescriptorTable descriptors_;
  Interpreter interpreter_;
  SimulatedFiles files_;
  std::list<Program> programs_;
  std::vector<std::pair<PlainWait*, Program*>> starved_;
  std::vector<State*> states_;
  BufferPool::Options buffer_options_;
  std::function<bool()> is_done_;
  Instant until_{};
  std::uint64_t turns_in_place_ = 0;
  bool has_stopped_programs_ = false;  ///< Some may have missed an event.
  bool has_stopped_ = false;           ///< No events are left, or none before until_.
};

}  // namespace hotline::engine

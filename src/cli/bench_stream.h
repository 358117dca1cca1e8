#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "cli/bench_gate.h"
#include "cli/bench_patience.h"
#include "cli/bench_plan.h"
#include "cli/bench_schedule.h"
#include "cli/bench_tally.h"
#include "hotline/engine/semaphore.h"
#include "hotline/engine/task_group.h"
#include "hotline/framing/frame_stream.h"

namespace hotline::cli {

/// One connection of a load, over a stream: sends messages when they are due, and compares each
/// reply. Lost connections are made again: see `docs/cli.md`. For one fiber of a loop.
class BenchStream {
 public:
  /// `plan` and `tally` must outlive this object. It is connection `index` of the load.
  BenchStream(const BenchPlan& plan, std::size_t index, BenchTally& tally);
  BenchStream(const BenchStream&) = delete;
  BenchStream& operator=(const BenchStream&) = delete;

  /// Connects, while it has a permit of `connecting`, passes the gate, and calls until its messages
  /// are over. Ends early if the fiber is cancelled. Counts what comes of it.
  void run(BenchGate& gate, Semaphore& connecting);

  /// Counts the messages that were due and not sent when the load ended, at `end`. After run().
  void count_missed(Instant end) const {
    if (schedule_) tally_.add_missed(*schedule_, end);
  }

 private:
  struct Waiting {
    Instant due;
    Instant sent;
  };

  void connect_first(Semaphore& connecting);
  bool is_connected();
  bool pause();
  bool connect();
  void converse();
  bool is_done(Instant at) const;
  bool has_room() const;
  bool gather(Instant at);
  bool send_due(Instant at);
  Result<void> write();
  Result<void> write_beside();
  void go_on_writing();
  bool gather_when_due();
  Deadline wait_limit(Instant at) const;
  bool has_stalled(Instant at) const;
  Error stall_error() const;
  void count_bounds(Instant at);
  bool take_all(Bytes reply, Instant at);
  bool take(Bytes reply, Instant at);
  void refuse(BenchFault fault, std::string detail);
  void lose(const Error& error);
  void end_in_order();
  bool finish_writing();
  void end_writing();
  void drop();

  const BenchPlan& plan_;
  std::size_t index_;
  BenchTally& tally_;
  std::optional<BenchSchedule> schedule_;
  std::optional<FrameStream> frames_;
  std::optional<TaskGroup> writers_;
  std::deque<Waiting> waiting_;  ///< Messages without a reply, the oldest first.
  std::vector<Bytes> pieces_;    ///< What is written next.
  std::uint64_t next_number_;    ///< The number of the next message.
  std::uint64_t sent_here_ = 0;  ///< Messages on this connection.
  Instant began_{};              ///< When this connection was begun.
  BenchPatience patience_;
  bool needs_pause_ = false;
  bool is_writing_ = false;             ///< Another fiber writes, or waits until a message is due.
  std::optional<Instant> write_began_;  ///< That of the write in which this fiber is.
  std::optional<Error> write_failure_;  ///< Nothing more can be written on this connection.
  Semaphore written_{0};                ///< Has a permit for each such fiber that has ended.
  bool is_over_ = false;
};

}  // namespace hotline::cli

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/plain_wait.h"
#include "engine/receive_shortage.h"
#include "engine/uring/buffer_ring.h"
#include "engine/uring/completion.h"
#include "engine/uring/mailbox_watch.h"
#include "engine/uring/ring.h"

namespace hotline::engine {

class ReceiveDatagrams;

/// Submits operations and parks the fiber until their completion. Receive and accept are multishot:
/// they are armed once for each descriptor, and a BufferRing provides their buffers. What completes
/// before an operation asks for it is queued, within limits. Normally there is one submit in each
/// turn. io_uring(7).
class UringLoop final : public EventLoop {
 public:
  /// Throws std::system_error if the kernel does not allow it.
  explicit UringLoop(const LoopOptions& options);
  ~UringLoop() override;

  std::string_view name() const override { return "uring"; }
  Buffer take_buffer() override;
  bool has_arrived(const Channel& channel) const override;
  Buffer take_arrived(Channel& channel) override;
  void unwatch(Channel& channel) override;

 protected:
  int interpret(Operation& operation, Deadline deadline) override;
  void turn(Deadline until) override;
  void catch_up() override;
  void begin_watch(Channel& channel, ReadWatch& watch) override;
  void withdraw(Channel& channel) override;
  void abandon(Channel& channel) override;

 private:
  class SubmittedWait;
  struct State;

  struct Queued {
    std::uint32_t next = BufferPool::kNone;
    std::uint32_t filled = 0;
  };

  State& attached_state(Channel& channel);
  int submit_and_park(Operation& operation, Deadline deadline);
  int poll_and_park(Operation& operation, Deadline deadline);
  int park_submitted(SubmittedWait& wait, Operation& operation, Deadline deadline);
  int attempt_or_poll(Operation& operation, Deadline deadline);
  int receive_datagrams(ReceiveDatagrams& operation, Deadline deadline);
  int attempt_again(ReceiveDatagrams& operation, State& state);
  int receive_lone(ReceiveDatagrams& operation, State& state, Deadline deadline);

  int receive(Operation& operation, Deadline deadline);
  int receive_directly(Operation& operation, State& state, Deadline deadline);
  int wait_for_queue(const Channel& channel, State& state, Deadline deadline);
  bool is_draining() const { return fiber()->scope.code_in_force() == kDrainEnd; }
  void arm_receive(State& state);
  void received(State& state, int result, unsigned flags);
  void enqueue(State& state, std::uint32_t index, std::uint32_t filled);
  Buffer dequeue(State& state);
  void starve(State& state);
  void feed_starved();
  void feed(State& state);
  void cut_longest_blocked();
  unsigned hand_out();

  int accept(Operation& operation, Deadline deadline);
  void arm_accept(State& state);
  void accepted(State& state, int result, unsigned flags);
  void refuse(UniqueFd caller);

  void stop_multishot(State& state);
  void settle(State& state, unsigned flags);

  Ring ring_;
  std::optional<BufferPool> large_buffers_;  ///< Those that the ring does not provide.
  BufferPool buffers_;
  BufferRing buffer_ring_;
  std::vector<Queued> queued_;
  ReceiveShortage shortage_{buffers_};
  MailboxWatch mailbox_watch_;
  std::size_t orphan_count_ = 0;
};

}  // namespace hotline::engine

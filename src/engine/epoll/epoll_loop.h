#pragma once

#include <memory>

#include "engine/plain_wait.h"
#include "engine/receive_shortage.h"

namespace hotline::engine {

class Receive;

/// Attempts an operation and, if it must wait, parks the fiber until epoll reports readiness. A
/// descriptor is registered once, at its first wait, edge-triggered and for both directions.
/// epoll(7).
class EpollLoop final : public EventLoop {
 public:
  /// Throws std::system_error if no descriptor is left.
  explicit EpollLoop(const LoopOptions& options);
  ~EpollLoop() override;

  std::string_view name() const override { return "epoll"; }
  Buffer take_buffer() override { return buffers_.take(); }
  void unwatch(Channel& channel) override;

 protected:
  int interpret(Operation& operation, Deadline deadline) override;
  void turn(Deadline until) override;
  void catch_up() override;
  void begin_watch(Channel& channel, ReadWatch& watch) override;
  void withdraw(Channel& channel) override;
  void abandon(Channel& channel) override { withdraw(channel); }

 private:
  struct Side;
  struct State;

  State& attached_state(Channel& channel);
  int register_for(State& state, const Channel& channel, std::uint32_t events);
  int try_operation(State& state, Operation& operation);
  bool may_receive(State& state, Receive& receive);
  int try_last(State& state, Operation& operation, int ended);
  void note_result(State& state, const Operation& operation, int result);
  int wait_on(Side& side, const Operation& operation, State& state, Deadline deadline);
  bool feed_starved();
  void cut_longest_blocked();
  int collect(int timeout);
  void dispatch(State& state, std::uint32_t events);

  UniqueFd epoll_;
  BufferPool buffers_;
  ReceiveShortage shortage_{buffers_};
};

}  // namespace hotline::engine

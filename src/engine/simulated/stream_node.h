#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "engine/simulated/network.h"

namespace hotline::engine {

/// A TCP or UNIX stream socket of the simulated kernel: tcp(7), unix(7). It keeps its bytes in
/// order and loses none until a fault or a close cuts the connection; what arrived before can still
/// be read.
class StreamNode final : public SocketNode, public std::enable_shared_from_this<StreamNode> {
 public:
  StreamNode(Network& network, SimulatedHost& where, int family_of_it)
      : SocketNode(where, family_of_it), network_(network) {}

  std::string_view kind() const override { return "stream"; }
  int type() const override;
  bool is_listening() const override { return state_ == State::listening; }
  bool is_ready(Direction direction) const override;
  void close() override;

  int listen(int backlog);

  /// Starts to connect, or returns how that went: 0, -EAGAIN while it is in progress, -EBUSY from a
  /// UNIX listener whose queue is full, or another negated errno.
  int connect(const Site& wanted);

  /// Removes the caller that has waited longest from the queue and returns it, or returns null if
  /// none waits.
  std::shared_ptr<StreamNode> take_caller();

  /// Puts back, as the first, a caller for which there was no descriptor.
  void put_back(std::shared_ptr<StreamNode> caller);

  int receive(MutableBytes into);
  int send(Bytes bytes);
  int shut_down(int how);

  /// Returns how many of the bytes that this side has sent the peer has not read.
  std::size_t unread_by_peer() const { return unread_by_peer_; }

  /// Breaks the connection off, on this side at once, on the other when the reset arrives.
  void reset();

 private:
  enum class State : std::uint8_t { fresh, listening, connecting, connected, closed };
  enum class Cut : std::uint8_t { none, reset, half_close };

  int connect_unix(const Site& target);
  void knock(const Site& target, int attempt);
  void answer(const Site& target, int attempt);
  std::shared_ptr<StreamNode> admit(StreamNode& caller);
  void settle(int error);
  void transmit(std::string bytes);
  void deliver(std::string bytes);
  void deliver_end();
  void deliver_reset(int error);
  void deliver_hang_up();
  void end_connection();
  void confirm(std::size_t count);
  Instant next_arrival(SimulatedHost& to);
  Cut strike_cut();
  /// As many as the backlog may wait, and one more: listen(2) as Linux counts.
  bool is_full() const { return callers_.size() > backlog_; }
  bool is_local() const { return peer_host_ == nullptr || peer_host_ == &host(); }
  int take_error() override;

  Network& network_;
  State state_ = State::fresh;
  std::weak_ptr<StreamNode> remote_;
  SimulatedHost* peer_host_ = nullptr;
  std::deque<std::shared_ptr<StreamNode>> callers_;
  std::size_t backlog_ = 0;
  std::string inbox_;
  std::size_t inbox_taken_ = 0;
  std::size_t unread_by_peer_ = 0;
  Instant last_arrival_{};
  Instant gives_up_{};    ///< When an attempt to connect fails.
  int error_ = 0;         ///< Reported once: SO_ERROR.
  bool has_end_ = false;  ///< Nothing follows what is in the inbox.
  bool has_ended_writes_ = false;
  bool is_broken_ = false;  ///< Writes fail with EPIPE.
  bool is_cut_ = false;     ///< Something between the two sides drops all further data.
};

}  // namespace hotline::engine

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "engine/simulated/network.h"

namespace hotline::engine {

/// A stream socket, TCP or UNIX, of the simulated kernel: tcp(7), unix(7). Keeps the order of its
/// bytes and loses none, until a fault or a close cuts it; then what arrived before can still be
/// read.
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

  /// Begins to connect, or tells how that went: 0, -EAGAIN while it is under way, -EBUSY from a
  /// UNIX listener whose queue is full, else a negated errno.
  int connect(const Site& wanted);

  /// The caller that has waited longest, who is no longer in the queue; null: nobody waits.
  std::shared_ptr<StreamNode> take_caller();

  /// A caller that could not be given a descriptor waits on, as the first.
  void put_back(std::shared_ptr<StreamNode> caller);

  int receive(MutableBytes into);
  int send(Bytes bytes);
  int shut_down(int how);

  /// Bytes that were sent and have not been read, this way.
  std::size_t unread_by_peer() const { return unread_by_peer_; }

  /// Breaks the connection off for both sides, here now, there when the news arrives.
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
  /// As many wait as may, and one more: listen(2) as Linux counts.
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
  Instant gives_up_{};    ///< When an attempt to connect has failed.
  int error_ = 0;         ///< To be told once: SO_ERROR.
  bool has_end_ = false;  ///< Nothing comes after what is in the inbox.
  bool has_ended_writes_ = false;
  bool is_broken_ = false;  ///< Writes give EPIPE.
  bool is_cut_ = false;     ///< Something between the two lets nothing through any more.
};

}  // namespace hotline::engine

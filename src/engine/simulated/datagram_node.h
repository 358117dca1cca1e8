#pragma once

#include <sys/socket.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/simulated/network.h"

namespace hotline::engine {

class ControlWriter;

/// A UDP or UNIX datagram socket of the simulated kernel: udp(7), unix(7). UDP may lose, duplicate,
/// reorder and corrupt datagrams; UNIX does none of these, but refuses when the receiver is full.
class DatagramNode final : public SocketNode, public std::enable_shared_from_this<DatagramNode> {
 public:
  DatagramNode(Network& network, SimulatedHost& where, int family_of_it)
      : SocketNode(where, family_of_it), network_(network) {}

  std::string_view kind() const override { return "datagrams"; }
  int type() const override { return SOCK_DGRAM; }
  bool is_ready(Direction direction) const override;
  void close() override;
  int set_option(int level, int name, const void* value, std::size_t size) override;
  int get_option(int level, int name, void* value, std::size_t& size) override;

  /// From now on datagrams go to `target` and are accepted from `target` only.
  int connect(const Site& wanted);

  /// Returns how many of `messages` were filled: recvmmsg(2).
  int receive(std::span<mmsghdr> messages);

  /// Returns how many of `messages` were sent: sendmmsg(2).
  int send(std::span<mmsghdr> messages);

  /// Returns how many of `messages` were filled from the error queue: MSG_ERRQUEUE of recv(2). Only
  /// sent times get there.
  int receive_errors(std::span<mmsghdr> messages);

 private:
  struct Datagram {
    Site from;
    Site to;
    std::string bytes;
    std::optional<WallTime> arrived;  ///< Set if the receiver noted times when it arrived.
  };

  /// A copy of a packet that was sent.
  struct Sent {
    std::string packet;
    WallTime at;
  };

  int send_one(const msghdr& message);
  int connect_unix(const Site& target);
  int find_unix(const Site& target, std::shared_ptr<DatagramNode>& found);
  int send_unix(const std::optional<Site>& target, std::string bytes);
  int send_udp(Site source, const Site& wanted, std::string bytes);
  void launch(SimulatedHost& there, const Datagram& datagram);
  void fill(mmsghdr& header, const Datagram& datagram) const;
  void add_packet_info(ControlWriter& control, const Site& to) const;
  bool notes_times() const;
  void add_time(ControlWriter& control, WallTime time) const;
  void note_sent(std::string_view bytes);
  bool enqueue(Datagram datagram);
  int take_error() override { return std::exchange(error_, 0); }

  bool is_full() const;
  void wake_waiting();

  Network& network_;
  std::deque<Datagram> queue_;
  std::deque<Sent> sent_;
  std::weak_ptr<DatagramNode> partner_;  ///< The socket that a UNIX socket is connected to.
  std::vector<std::weak_ptr<DatagramNode>> waiting_;  ///< May wait for room in this one.
  bool is_open_ = true;
  std::size_t queued_bytes_ = 0;
  std::uint32_t lost_ = 0;  ///< Datagrams for which the queue had no room.
  int error_ = 0;
};

}  // namespace hotline::engine

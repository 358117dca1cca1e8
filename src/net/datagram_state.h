#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "hotline/engine/mutex.h"
#include "hotline/net/datagram_socket.h"
#include "net/bind.h"
#include "net/datagram_batch.h"
#include "net/own_address.h"
#include "net/send_batch.h"
#include "net/sent_queue.h"
#include "net/unix_sender.h"

namespace hotline {

/// What a datagram socket consists of.
struct DatagramSocket::State {
  std::unique_ptr<engine::Channel> channel;
  Endpoint endpoint;
  DatagramOptions options;
  net::PacketInfo packet_info;
  TimestampUse times = TimestampUse::none;
  net::OwnAddress own_address;
  net::BoundPath path;
  std::shared_ptr<net::InheritedMode> mode;
  net::Coalescing coalescing;  ///< If `received` has room for datagrams together.
  bool may_coalesce;           ///< The kernel may be asked for that,
  bool is_coalescing_due;      ///< and is asked before the next receive that may wait.
  std::shared_ptr<net::ReceiveBatch> received;
  std::shared_ptr<net::ReceiveBatch> spare;  ///< Free, or kept by a user until recently.
  bool is_outdated = false;  ///< `spare` is to replace `received`, which is of another kind.
  net::SendBatch sent;
  net::Trains trains;
  net::SentQueue sent_queue;
  std::optional<net::UnixSender> unix_sender;  ///< Set for a bound UNIX socket.
  Mutex send_mutex;  ///< Held by the fiber that sends, because `sent` and the candidates belong to
                     ///< one send.

  /// The addresses of the called name, until one of them answers; the first is connected. Empty if
  /// there is no other.
  std::vector<SocketAddress> candidates;
  SocketAddress source;       ///< The address from which a client calls; may be empty.
  std::string last_sent;      ///< The last datagram, while there are candidates.
  bool has_waited = false;    ///< No reply came in time, so the next send goes to another address.
  bool is_receiving = false;  ///< A fiber is receiving.

  State(std::unique_ptr<engine::Channel> socket, Endpoint where, const DatagramOptions& how,
        net::PacketInfo asked = net::PacketInfo::none)
      : channel(std::move(socket)),
        endpoint(std::move(where)),
        options(how),
        packet_info(asked),
        coalescing(coalescing_of(endpoint, options)),
        may_coalesce(coalescing != net::Coalescing::none),
        is_coalescing_due(may_coalesce),
        received(new_batch()),
        sent(batch_size()) {}

  /// Makes the state of a socket for a server.
  static std::unique_ptr<State> over(net::BoundSocket bound, const DatagramOptions& options);

  static net::Coalescing coalescing_of(const Endpoint& endpoint, const DatagramOptions& options);

  std::size_t batch_size() const { return std::max<std::size_t>(1, options.batch_max); }
  std::shared_ptr<net::ReceiveBatch> new_batch() const {
    return std::make_shared<net::ReceiveBatch>(batch_size(), options.datagram_bytes_max,
                                               packet_info, times, coalescing);
  }
  Error error(int code, std::string_view operation) const {
    return engine::operation_error(code, operation, endpoint.to_string());
  }
  Endpoint peer_of(const DatagramRoute* route) const {
    if (route == nullptr || route->peer.is_empty()) return endpoint;
    return Endpoint::of_address(endpoint.transport(), route->peer);
  }
  Error send_error(Error error, const DatagramRoute* route) const;

  /// The reader of the error queue, or null if the socket has none.
  engine::ErrorQueueReader* error_reader() {
    return endpoint.transport() == Transport::udp ? &sent_queue : nullptr;
  }

  /// Returns 0 or a negated errno.
  int note_times(TimestampUse use);
  void note_sent(std::span<const OutgoingDatagram* const> sent);
  Result<std::span<const Datagram>> receive(std::size_t count_max, Deadline deadline);
  static int cut_code();
  int fill(std::size_t count_max, Deadline deadline);
  int receive_some(std::size_t count_max, Deadline deadline);
  void make_spare();
  void begin_coalescing(Deadline deadline);
  void forbid_coalescing();
  void renew_received();
  bool call_candidate();
  bool ask_next();
  int send_whole(const OutgoingDatagram& datagram);
  int send_some(std::span<mmsghdr> headers);
  Result<std::size_t> send_described();
  std::size_t sendable(std::span<const OutgoingDatagram> datagrams) const;
};

}  // namespace hotline

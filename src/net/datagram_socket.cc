#include "hotline/net/datagram_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "engine/operations/datagrams.h"
#include "engine/turn.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "net/address.h"
#include "net/bind.h"
#include "net/datagram_batch.h"
#include "net/socket.h"

namespace hotline {

using engine::Channel;
using engine::Engine;

struct DatagramSocket::State {
  std::unique_ptr<Channel> channel;
  Endpoint endpoint;
  DatagramOptions options;
  net::BoundPath path;
  std::shared_ptr<net::ReceiveBatch> received;
  std::shared_ptr<net::ReceiveBatch> spare;  ///< Kept by somebody until lately, or still.
  net::SendBatch sent;
  engine::Turn send_turn;

  State(std::unique_ptr<Channel> socket, Endpoint where, const DatagramOptions& how)
      : channel(std::move(socket)),
        endpoint(std::move(where)),
        options(how),
        received(new_batch()),
        sent(batch_size()) {}

  std::size_t batch_size() const { return std::max<std::size_t>(1, options.batch_max); }
  std::shared_ptr<net::ReceiveBatch> new_batch() const {
    return std::make_shared<net::ReceiveBatch>(batch_size(), options.datagram_bytes_max);
  }
  Error error(int code, std::string_view operation) const {
    return engine::operation_error(code, operation, endpoint.format_without_options());
  }
  Endpoint peer_of(const DatagramRoute* route) const {
    if (route == nullptr || route->peer.is_empty()) return endpoint;
    return Endpoint::of_address(endpoint.transport(), route->peer);
  }
  Result<std::span<const Datagram>> receive(std::size_t count_max, Deadline deadline);
  int send_some(std::span<mmsghdr> headers);
};

namespace {

// A burst waits there while a handler works; the default holds some 250 small datagrams.
constexpr int kReceiveQueueBytes = 4 * 1024 * 1024;

constexpr std::string_view kReceiveOn = "receive on";
constexpr std::string_view kSendFrom = "send to";

/// Replies must leave from the address that was asked, which only a socket bound to every address
/// has to be told of.
void ask_for_packet_info(const Channel& channel, const SocketAddress& address) {
  if (!net::is_wildcard(address)) return;
  if (net::family_of(address) == AF_INET) {
    net::set_flag(channel, IPPROTO_IP, IP_PKTINFO);
  } else {
    net::set_flag(channel, IPPROTO_IPV6, IPV6_RECVPKTINFO);
  }
}

// One datagram's own failure: the next may go. `send` waits for none of them.
bool is_of_datagram(int code) {
  return code != -EBADF && code != -ENOTSOCK && !engine::is_end_code(code);
}

}  // namespace

DatagramSocket::DatagramSocket(std::unique_ptr<State> state) : state_(std::move(state)) {}
DatagramSocket::DatagramSocket(DatagramSocket&&) noexcept = default;
DatagramSocket& DatagramSocket::operator=(DatagramSocket&&) noexcept = default;
DatagramSocket::~DatagramSocket() = default;

Result<std::span<const Datagram>> DatagramSocket::State::receive(std::size_t count_max,
                                                                 Deadline deadline) {
  engine::ReceiveDatagrams operation(*channel, received->prepare(count_max));
  const int count = Engine::current().perform(operation, deadline);
  if (count < 0) return fail(error(count, kReceiveOn));
  const auto datagrams = received->take(static_cast<std::size_t>(count));
  if (options.tap == nullptr) return datagrams;
  for (const Datagram& each : datagrams) options.tap->received(peer_of(each.route), each.bytes);
  return datagrams;
}

Result<std::span<const Datagram>> DatagramSocket::receive_batch(Deadline deadline) {
  return state_->receive(state_->received->size(), deadline);
}

Result<Datagram> DatagramSocket::receive(Deadline deadline) {
  auto received = state_->receive(1, deadline);
  if (!received) return fail(std::move(received.error()));
  return received->front();
}

std::shared_ptr<void> DatagramSocket::keep_batch() {
  State& state = *state_;
  auto kept = state.received;
  const bool is_spare_free = state.spare && state.spare.use_count() == 1;
  state.received = is_spare_free ? std::move(state.spare) : state.new_batch();
  state.spare = kept;
  return kept;
}

int DatagramSocket::State::send_some(std::span<mmsghdr> headers) {
  engine::SendDatagrams operation(*channel, headers);
  Engine& engine = Engine::current();
  // A UNIX peer that does not read must not hold up who sends, so its datagram is dropped, as UDP
  // would. What it has not read fills the buffer of this socket all the same: see bind_datagrams. A
  // connected socket has no others.
  const bool is_routed = headers.front().msg_hdr.msg_name != nullptr;
  const Deadline deadline = is_routed && endpoint.transport() == Transport::unixgram
                                ? Deadline::at(engine.now())
                                : Deadline::after(engine.now(), options.send_timeout);
  return engine.perform(operation, deadline);
}

Result<void> DatagramSocket::send(OutgoingDatagram datagram) {
  State& state = *state_;
  const engine::Turn::Holder turn(state.send_turn);
  const int result = state.send_some(state.sent.prepare({&datagram, 1}));
  if (result < 0) {
    Error error = state.error(result, kSendFrom);
    error.endpoint = state.peer_of(datagram.route).format_without_options();
    return fail(std::move(error));
  }
  if (state.options.tap != nullptr) {
    state.options.tap->sent(state.peer_of(datagram.route), datagram.bytes);
  }
  return {};
}

Result<std::size_t> DatagramSocket::send_batch(std::span<const OutgoingDatagram> datagrams) {
  State& state = *state_;
  const engine::Turn::Holder turn(state.send_turn);
  std::size_t sent = 0;
  while (!datagrams.empty()) {
    const int result = state.send_some(state.sent.prepare(datagrams));
    if (result < 0 && !is_of_datagram(result) && result != -engine::kDeadlineEnd) {
      return fail(state.error(result, kSendFrom));
    }
    const std::size_t taken = result < 0 ? 0 : static_cast<std::size_t>(result);
    sent += taken;
    for (const OutgoingDatagram& each : datagrams.first(taken)) {
      if (state.options.tap != nullptr)
        state.options.tap->sent(state.peer_of(each.route), each.bytes);
    }
    // An error is that of the first one: it is dropped.
    datagrams = datagrams.subspan(result < 0 ? 1 : taken);
  }
  return sent;
}

const Endpoint& DatagramSocket::endpoint() const { return state_->endpoint; }

Endpoint DatagramSocket::peer_of(const DatagramRoute& route) const {
  return state_->peer_of(&route);
}

Result<DatagramSocket> DatagramSocket::share() const {
  const int fd = Engine::current().duplicate(state_->channel->fd());
  if (fd < 0) return fail(state_->error(fd, "share the socket on"));
  return DatagramSocket(std::make_unique<State>(std::make_unique<Channel>(UniqueFd(fd)),
                                                state_->endpoint, state_->options));
}

int DatagramSocket::descriptor() const { return state_->channel->fd(); }

void DatagramSocket::leave_loop() { state_->channel->withdraw(); }

void DatagramSocket::close() {
  state_->channel->close();
  state_->path.remove();
}

Result<DatagramSocket> bind_datagrams(const Endpoint& endpoint, const DatagramOptions& options) {
  if (!is_datagram(endpoint.transport()) && endpoint.transport() != Transport::fd) {
    return fail(make_error(ErrorKind::unsupported, "listen on", endpoint.format_without_options(),
                           "datagrams go over udp and unixgram"));
  }
  auto bound = net::bind_socket(endpoint, SOCK_DGRAM, options.socket, options.sharing);
  if (!bound) return fail(std::move(bound.error()));
  // The system may grant less (net.core.rmem_max); that is no reason to fail.
  net::set_flag(*bound->channel, SOL_SOCKET, SO_RCVBUF, kReceiveQueueBytes);
  ask_for_packet_info(*bound->channel, bound->address);
  auto state = std::make_unique<DatagramSocket::State>(std::move(bound->channel),
                                                       std::move(bound->endpoint), options);
  state->path = std::move(bound->path);
  return DatagramSocket(std::move(state));
}

Result<DatagramSocket> connect_datagrams(const Endpoint& endpoint, const DatagramOptions& options) {
  constexpr std::string_view kReach = "reach";
  if (!is_datagram(endpoint.transport())) {
    return fail(make_error(ErrorKind::unsupported, kReach, endpoint.format_without_options(),
                           "datagrams go over udp and unixgram"));
  }
  const DeadlineScope scope(deadline_after(options.connect_timeout));
  const auto addresses = net::resolve(endpoint, engine::LookupPurpose::connect);
  if (!addresses) return fail(addresses.error());
  int failed = -EADDRNOTAVAIL;
  for (const SocketAddress& address : *addresses) {
    auto channel = net::open_socket(address, SOCK_DGRAM, kReach, endpoint);
    if (!channel) return fail(std::move(channel.error()));
    if (endpoint.transport() == Transport::unixgram) {
      Engine::current().bind((*channel)->fd(), net::unix_autobind_address());
    }
    engine::Connect connect(**channel, address);
    failed = Engine::current().perform(connect, Deadline::never());
    if (failed < 0) continue;
    return DatagramSocket(std::make_unique<DatagramSocket::State>(
        std::move(*channel), Endpoint::of_address(endpoint.transport(), address), options));
  }
  return fail(engine::operation_error(failed, kReach, endpoint.format_without_options()));
}

}  // namespace hotline

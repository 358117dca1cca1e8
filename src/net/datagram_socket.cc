#include "hotline/net/datagram_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/check.h"
#include "engine/engine.h"
#include "engine/operations/datagrams.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/net/target.h"
#include "net/address.h"
#include "net/bind.h"
#include "net/datagram_state.h"
#include "net/socket.h"
#include "net/socket_option_row.h"
#include "net/source_steering.h"
#include "net/transport_row.h"

namespace hotline {

using engine::Channel;
using engine::Engine;

namespace {

constexpr Literal kSendTo = "send to";

// A burst waits there while a handler works; the default holds some 250 small datagrams.
constexpr int kReceiveQueueBytes = 4 * 1024 * 1024;

/// Returns true if the peer's address has failed, so that no reply can come from it.
bool is_of_address(int code) {
  return code == -ECONNREFUSED || code == -ENETUNREACH || code == -EHOSTUNREACH;
}

// Returns true if only this datagram has failed, so that the next may be sent. `send` does not wait
// after these.
bool is_of_datagram(int code) {
  return code != -EBADF && code != -ENOTSOCK && !engine::is_end_code(code);
}

}  // namespace

std::unique_ptr<DatagramSocket::State> DatagramSocket::State::over(net::BoundSocket bound,
                                                                   const DatagramOptions& options) {
  // The system may grant less (net.core.rmem_max), which is not a failure.
  net::set_flag(*bound.channel, SOL_SOCKET, SO_RCVBUF, kReceiveQueueBytes);
  net::widen_send_buffer(*bound.channel);
  net::set_buffer_sizes(*bound.channel, options.socket);
  const net::PacketInfo packet_info = net::ask_for_packet_info(*bound.channel, bound.address);
  auto state = std::make_unique<State>(std::move(bound.channel), std::move(bound.endpoint), options,
                                       packet_info);
  state->own_address = net::OwnAddress(bound.address);
  if (net::family_of(bound.address) == AF_UNIX) {
    state->unix_sender.emplace(*state->channel);
  } else {
    state->trains = net::ask_for_trains(*state->channel);
  }
  state->path = std::move(bound.path);
  state->mode = std::move(bound.mode);
  return state;
}

Error DatagramSocket::State::send_error(Error error, const DatagramRoute* route) const {
  error.operation = kSendTo;
  error.endpoint = peer_of(route).to_string();
  return error;
}

DatagramSocket::DatagramSocket(std::unique_ptr<State> state) : state_(std::move(state)) {}
DatagramSocket::DatagramSocket(DatagramSocket&&) noexcept = default;
DatagramSocket& DatagramSocket::operator=(DatagramSocket&&) noexcept = default;
DatagramSocket::~DatagramSocket() = default;

int DatagramSocket::State::fill(std::size_t count_max, Deadline deadline) {
  int count = receive_some(count_max, deadline);
  while (is_of_address(count) && ask_next()) count = receive_some(count_max, deadline);
  if (count > 0) received->fill(static_cast<std::size_t>(count));
  return count;
}

/// Connects to the first possible candidate, and drops those before it.
bool DatagramSocket::State::call_candidate() {
  while (!candidates.empty()) {
    if (net::call_datagrams(candidates.front(), source, options.socket, channel) >= 0) {
      if (times != TimestampUse::none) net::set_times(*channel, times);
      is_coalescing_due = may_coalesce && times == TimestampUse::none;
      endpoint = Endpoint::of_address(endpoint.transport(), candidates.front());
      return true;
    }
    candidates.erase(candidates.begin());
  }
  return false;
}

/// The current address does not work: sends the same to the next one.
bool DatagramSocket::State::ask_next() {
  if (candidates.size() < 2) return false;
  const SocketAddress failed = candidates.front();
  const auto lock = send_mutex.lock();
  // A sender may have met the same failure while this waited for the lock.
  if (!lock || candidates.empty()) return false;
  if (candidates.front() == failed) {
    candidates.erase(candidates.begin());
    if (!call_candidate()) return false;
  }
  const OutgoingDatagram again{as_bytes(last_sent)};
  if (!last_sent.empty()) send_some(sent.prepare({&again, 1}));
  return true;
}

int DatagramSocket::State::send_some(std::span<mmsghdr> headers) {
  engine::SendDatagrams operation(*channel, headers, error_reader());
  Engine& engine = Engine::current();
  // A UNIX peer that does not read must not delay others, so its datagram is dropped, as UDP would
  // drop it. A connected socket has no other peers.
  const bool is_routed = headers.front().msg_hdr.msg_name != nullptr;
  if (is_routed && unix_sender) return unix_sender->send(headers);
  return engine.perform(operation, Deadline::after(engine.timeout_start(), options.send_timeout));
}

/// Returns how many of `datagrams`, from the first on, may be sent. A relative path is relative to
/// the directory of the peer, not of this process.
std::size_t DatagramSocket::State::sendable(std::span<const OutgoingDatagram> datagrams) const {
  if (endpoint.transport() != Transport::unixgram) return datagrams.size();
  const auto leads_elsewhere = [](const OutgoingDatagram& each) {
    return each.route != nullptr && net::is_relative_path(each.route->peer);
  };
  return static_cast<std::size_t>(std::ranges::find_if(datagrams, leads_elsewhere) -
                                  datagrams.begin());
}

/// Sends to a candidate while it is unknown which one answers: a datagram without a reply goes to
/// the next one.
int DatagramSocket::State::send_whole(const OutgoingDatagram& datagram) {
  if (candidates.size() > 1 && has_waited && !is_receiving) {
    std::ranges::rotate(candidates, candidates.begin() + 1);
    has_waited = false;
    call_candidate();
  }
  if (candidates.size() > 1) last_sent = as_text(datagram.bytes);
  int result = send_some(sent.prepare({&datagram, 1}));
  while (is_of_address(result) && candidates.size() > 1 && !is_receiving) {
    candidates.erase(candidates.begin());
    if (call_candidate()) result = send_some(sent.prepare({&datagram, 1}));
  }
  return result;
}

Result<void> DatagramSocket::send(OutgoingDatagram datagram) {
  State& state = *state_;
  if (state.sendable({&datagram, 1}) == 0) {
    return fail(make_error(ErrorKind::permission_denied, kSendTo,
                           state.peer_of(datagram.route).to_string(),
                           "its address is a relative path, which could name another socket here",
                           "the peer must bind an absolute path or an @NAME"));
  }
  const auto lock = state.send_mutex.lock();
  if (!lock) return fail(state.send_error(lock.error(), datagram.route));
  const int result = state.send_whole(datagram);
  if (result < 0) return fail(state.send_error(state.error(result, kSendTo), datagram.route));
  const OutgoingDatagram* const passed = &datagram;
  state.note_sent({&passed, 1});
  if (state.options.tap != nullptr) {
    state.options.tap->sent(state.peer_of(datagram.route), datagram.bytes);
  }
  return {};
}

/// Sends what `sent` has described. Returns how many datagrams the kernel has taken. A train that
/// fails twice is sent as single datagrams; an error of a single one drops that.
Result<std::size_t> DatagramSocket::State::send_described() {
  std::size_t count = 0;
  int refusal = 0;
  std::size_t refused_bytes = 0;
  while (!sent.due().empty()) {
    const int result = send_some(sent.due());
    const std::size_t train_bytes = sent.next_train_bytes();
    if (result < 0 && train_bytes > 0 && is_of_datagram(result)) {
      // It may be the error of an earlier datagram: the train is to blame if it fails again.
      if (std::exchange(refusal, result) == 0) continue;
      refused_bytes = train_bytes;
      sent.split_trains();
      continue;
    }
    if (result < 0 && !is_of_datagram(result) && result != -engine::kDeadlineEnd) {
      return fail(error(result, kSendTo));
    }
    const auto passed = sent.pass(result < 0 ? 1 : static_cast<std::size_t>(result));
    const int code = std::exchange(refusal, 0);
    const std::size_t bytes = std::exchange(refused_bytes, 0);
    if (result < 0) continue;
    if (bytes != 0) trains = net::after_refusal(trains, code, bytes);
    count += passed.size();
    note_sent(passed);
    if (options.tap == nullptr) continue;
    for (const OutgoingDatagram* each : passed)
      options.tap->sent(peer_of(each->route), each->bytes);
  }
  return count;
}

Result<std::size_t> DatagramSocket::send_batch(std::span<const OutgoingDatagram> datagrams) {
  State& state = *state_;
  const auto lock = state.send_mutex.lock();
  if (!lock) return fail(state.send_error(lock.error(), nullptr));
  std::size_t sent = 0;
  while (!datagrams.empty()) {
    const std::size_t sendable = state.sendable(datagrams);
    if (sendable == 0) {
      datagrams = datagrams.subspan(1);
      continue;
    }
    state.sent.prepare(datagrams.first(sendable), state.trains);
    datagrams = datagrams.subspan(state.sent.size());
    const auto count = state.send_described();
    if (!count) return fail(count.error());
    sent += *count;
  }
  return sent;
}

const Endpoint& DatagramSocket::endpoint() const { return state_->endpoint; }

bool DatagramSocket::is_own(const DatagramRoute& route) const {
  return state_->own_address.is_peer(route);
}

bool DatagramSocket::has_ipv4(std::uint32_t address) const {
  DatagramRoute route;
  route.peer = net::ipv4_address(address, state_->endpoint.port());
  return state_->own_address.is_peer(route);
}

Endpoint DatagramSocket::peer_of(const DatagramRoute& route) const {
  return state_->peer_of(&route);
}

Result<DatagramSocket> DatagramSocket::share() const {
  const int fd = Engine::current().duplicate(state_->channel->fd());
  if (fd < 0) return fail(state_->error(fd, "share the socket on"));
  auto state = std::make_unique<State>(std::make_unique<Channel>(UniqueFd(fd)), state_->endpoint,
                                       state_->options, state_->packet_info);
  // Datagrams that came together would all wait for one of the two.
  state_->forbid_coalescing();
  state->forbid_coalescing();
  state->own_address = state_->own_address;
  state->trains = state_->trains;
  state->mode = state_->mode;
  if (state_->unix_sender) state->unix_sender.emplace(*state->channel);
  return with_my_times(std::move(state));
}

Result<DatagramSocket> DatagramSocket::share_port() const {
  if (state_->endpoint.transport() != Transport::udp) {
    return fail(make_error(ErrorKind::unsupported, "share the port of",
                           state_->endpoint.to_string(), "it has none"));
  }
  auto bound = net::bind_beside(*state_->channel, state_->endpoint, net::SocketKind::datagram,
                                state_->options.socket);
  if (!bound) return fail(std::move(bound.error()));
  return with_my_times(State::over(std::move(*bound), state_->options));
}

Result<void> DatagramSocket::steer_by_source(std::size_t count) {
  constexpr Literal kSteer = "steer by source the datagrams of";
  check_use(count > 0, "steer_by_source() needs the number of sockets at the port, at least 1");
  if (state_->endpoint.transport() != Transport::udp) {
    return fail(make_error(ErrorKind::unsupported, kSteer, state_->endpoint.to_string(),
                           "only UDP sockets can share a port"));
  }
  if (count == 1) return {};
  const int failed = net::steer_by_source(*state_->channel, static_cast<std::uint32_t>(count));
  if (failed == -ENOPROTOOPT) {
    return fail(make_error(ErrorKind::unsupported, kSteer, state_->endpoint.to_string(),
                           "the kernel cannot choose among the sockets of a port"));
  }
  if (failed < 0) return fail(state_->error(failed, kSteer));
  return {};
}

int DatagramSocket::descriptor() const { return state_->channel->fd(); }

void DatagramSocket::leave_loop() {
  state_->channel->withdraw();
  if (state_->unix_sender) state_->unix_sender->leave_loop();
}

void DatagramSocket::close() {
  drop_unread();
  state_->unix_sender.reset();
  state_->path.remove();
  state_->channel->close();
  state_->mode.reset();
}

Result<DatagramSocket> bind_datagrams(const Endpoint& endpoint, const DatagramOptions& options) {
  if (!is_datagram(endpoint.transport()) && endpoint.transport() != Transport::fd) {
    return fail(make_error(ErrorKind::unsupported, "listen on", endpoint.to_string(),
                           "datagrams go over " + net::list_transports(net::SocketKind::datagram)));
  }
  auto bound = net::bind_socket(endpoint, net::SocketKind::datagram, options.socket);
  if (!bound) return fail(std::move(bound.error()));
  auto state = DatagramSocket::State::over(std::move(*bound), options);
  // Another program that inherits the socket after this one may not expect datagrams together.
  if (endpoint.transport() == Transport::fd) state->forbid_coalescing();
  return DatagramSocket(std::move(state));
}

Result<DatagramSocket> connect_datagrams(const Endpoint& endpoint, const DatagramOptions& options) {
  constexpr Literal kReach = "reach";
  if (!is_datagram(endpoint.transport())) {
    return fail(make_error(ErrorKind::unsupported, kReach, endpoint.to_string(),
                           "datagrams go over " + net::list_transports(net::SocketKind::datagram)));
  }
  if (auto has = net::check_port(endpoint, kReach); !has) return fail(std::move(has.error()));
  if (auto fit = net::check_fit(endpoint, options.socket, Side::client, kReach); !fit) {
    return fail(std::move(fit.error()));
  }
  const auto source = net::source_of(options.socket, kReach);
  if (!source) return fail(source.error());
  const DeadlineScope scope(deadline_after(options.connect_timeout));
  auto addresses = net::resolve(endpoint, engine::LookupPurpose::connect);
  if (!addresses) return fail(addresses.error());
  if (auto kept = net::keep_callable(*addresses, *source, kReach, endpoint); !kept) {
    return fail(std::move(kept.error()));
  }
  int failed = -EADDRNOTAVAIL;
  std::unique_ptr<Channel> channel;
  auto address = addresses->begin();
  for (; address != addresses->end() && !channel; ++address) {
    failed = net::call_datagrams(*address, *source, options.socket, channel);
  }
  if (!channel && failed == -EADDRNOTAVAIL && !options.socket.source.empty()) {
    return fail(net::source_error(failed, kReach, options.socket, endpoint));
  }
  if (!channel) {
    Error error = engine::operation_error(failed, kReach, endpoint.to_string());
    net::advise_on_permission(error, endpoint);
    return fail(std::move(error));
  }
  auto state = std::make_unique<DatagramSocket::State>(
      std::move(channel), Endpoint::of_address(endpoint.transport(), *(address - 1)), options);
  if (endpoint.transport() == Transport::udp) state->trains = net::ask_for_trains(*state->channel);
  state->source = *source;
  if (address != addresses->end()) state->candidates.assign(address - 1, addresses->end());
  return DatagramSocket(std::move(state));
}

Result<DatagramSocket> bind_datagrams(std::string_view uri, DatagramOptions options) {
  auto target = Target::parse(uri, options.socket, nullptr, Side::server);
  if (!target) return fail(std::move(target.error()));
  options.socket = std::move(target->socket);
  return bind_datagrams(target->endpoint, options);
}

Result<DatagramSocket> connect_datagrams(std::string_view uri, DatagramOptions options) {
  auto target = Target::parse(uri, options.socket, nullptr, Side::client);
  if (!target) return fail(std::move(target.error()));
  options.socket = std::move(target->socket);
  return connect_datagrams(target->endpoint, options);
}

}  // namespace hotline

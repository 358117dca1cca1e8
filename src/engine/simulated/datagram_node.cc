#include "engine/simulated/datagram_node.h"

#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <utility>

#include "engine/simulated/control_writer.h"

namespace hotline::engine {
namespace {

// The 16-bit length of UDP minus the headers; net.core.wmem_default minus the kernel's own share.
constexpr std::size_t kUdpBytesMax = 65507;
constexpr std::size_t kUnixBytesMax = 212'992 - 32;

// net.unix.max_dgram_qlen.
constexpr std::size_t kUnixQueueMax = 10;

// What net.core.rmem_default holds of small packets.
constexpr std::size_t kSentQueueMax = 256;

// The headers of IP and UDP precede the copy of a sent datagram.
constexpr std::size_t kIpv4HeaderBytes = 20 + 8;
constexpr std::size_t kIpv6HeaderBytes = 40 + 8;
constexpr Duration kReorderingMax = std::chrono::milliseconds(200);

void put_bytes(mmsghdr& header, std::string_view bytes) {
  msghdr& message = header.msg_hdr;
  const iovec& piece = message.msg_iov[0];
  const std::size_t size = std::min(piece.iov_len, bytes.size());
  std::memcpy(piece.iov_base, bytes.data(), size);
  header.msg_len = static_cast<unsigned>(size);
  message.msg_flags = size < bytes.size() ? MSG_TRUNC : 0;
}

std::string bytes_of(const msghdr& message) {
  std::string bytes;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    bytes.append(static_cast<const char*>(message.msg_iov[i].iov_base), message.msg_iov[i].iov_len);
  }
  return bytes;
}

/// Calls `use` with each control message.
template <typename Use>
void for_each_control(const msghdr& message, Use use) {
  auto& mutable_message = const_cast<msghdr&>(message);
  for (cmsghdr* control = CMSG_FIRSTHDR(&mutable_message); control != nullptr;
       control = CMSG_NXTHDR(&mutable_message, control)) {
    use(*control);
  }
}

/// Returns `source` with the address that the message asks to be sent from, if it does: ip(7),
/// ipv6(7).
Site with_packet_info(const msghdr& message, Site source) {
  for_each_control(message, [&](const cmsghdr& control) {
    if (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(&control), sizeof info);
      source.ip = ipv4(0, 0, 0, 0);
      std::memcpy(&source.ip[12], &info.ipi_spec_dst, 4);
    }
    if (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(&control), sizeof info);
      std::memcpy(source.ip.data(), &info.ipi6_addr, 16);
    }
  });
  return source;
}

timespec timespec_of(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return {since.count() / 1'000'000'000, since.count() % 1'000'000'000};
}

/// Returns true if the message asks for the time at which it is sent.
bool wants_sent_time(const msghdr& message) {
  bool wants = false;
  for_each_control(message, [&](const cmsghdr& control) {
    if (control.cmsg_level != SOL_SOCKET || control.cmsg_type != SO_TIMESTAMPING) return;
    std::uint32_t flags = 0;
    std::memcpy(&flags, CMSG_DATA(&control), sizeof flags);
    wants = (flags & SOF_TIMESTAMPING_TX_SOFTWARE) != 0;
  });
  return wants;
}

}  // namespace

bool DatagramNode::is_ready(Direction direction) const {
  if (error_ != 0) return true;
  if (direction == Direction::read) return !queue_.empty();
  const auto partner = partner_.lock();
  return !partner || !partner->is_open_ || !partner->is_full();
}

bool DatagramNode::is_full() const { return queue_.size() > kUnixQueueMax; }

void DatagramNode::close() {
  is_open_ = false;
  network_.unbind(*this);
  wake_waiting();
}

/// Wakes the sockets that wait to send to this one.
void DatagramNode::wake_waiting() {
  for (const auto& weak : std::exchange(waiting_, {})) {
    const auto sender = weak.lock();
    if (!sender) continue;
    if (is_open_ && sender->partner_.lock().get() == this) waiting_.push_back(weak);
    sender->notify(Direction::write);
  }
}

int DatagramNode::set_option(int level, int name, const void* value, std::size_t size) {
  // As a kernel that puts no datagrams together.
  if (level == SOL_UDP && name == UDP_GRO) return -ENOPROTOOPT;
  return SocketNode::set_option(level, name, value, size);
}

int DatagramNode::get_option(int level, int name, void* value, std::size_t& size) {
  // As a kernel that sends no trains.
  if (level == SOL_UDP && name == UDP_SEGMENT) return -ENOPROTOOPT;
  if (level != SOL_SOCKET || name != SO_MEMINFO) {
    return SocketNode::get_option(level, name, value, size);
  }
  std::array<std::uint32_t, SK_MEMINFO_VARS> numbers{};
  numbers[SK_MEMINFO_DROPS] = lost_;
  size = std::min(size, sizeof numbers);
  std::memcpy(value, numbers.data(), size);
  return 0;
}

int DatagramNode::connect(const Site& wanted) {
  if (family == AF_UNIX) return connect_unix(wanted);
  const Site target = wanted.to_talk_to();
  if (network_.host_at(target.ip, host()) == nullptr) return -ENETUNREACH;
  if (const int bound = network_.bind_for(*this, target); bound < 0) return bound;
  peer = target;
  has_peer = true;
  return 0;
}

int DatagramNode::connect_unix(const Site& target) {
  std::shared_ptr<DatagramNode> found;
  if (const int failed = find_unix(target, found); failed < 0) return failed;
  partner_ = found;
  found->waiting_.push_back(weak_from_this());
  peer = target;
  has_peer = true;
  return 0;
}

/// Finds the socket named `target`, if it lets this one send to it: unix(7).
int DatagramNode::find_unix(const Site& target, std::shared_ptr<DatagramNode>& found) {
  const bool is_path = !target.name.empty() && target.name.front() != '\0';
  if (is_path && !host().paths.contains(target.name)) return -ENOENT;
  DatagramNode* node = network_.find_receiver(host(), target, local);
  if (node == nullptr) {
    return network_.is_bound_as_other(host(), target, SOCK_DGRAM) ? -EPROTOTYPE : -ECONNREFUSED;
  }
  if (node->has_peer && node->partner_.lock().get() != this) return -EPERM;
  found = node->shared_from_this();
  return 0;
}

int DatagramNode::receive(std::span<mmsghdr> messages) {
  if (error_ != 0) return -take_error();
  if (queue_.empty()) return -EAGAIN;
  int count = 0;
  for (mmsghdr& header : messages) {
    if (queue_.empty()) break;
    fill(header, queue_.front());
    queued_bytes_ -= queue_.front().bytes.size();
    queue_.pop_front();
    ++count;
  }
  wake_waiting();
  return count;
}

void DatagramNode::fill(mmsghdr& header, const Datagram& datagram) const {
  msghdr& message = header.msg_hdr;
  put_bytes(header, datagram.bytes);
  if (message.msg_name != nullptr) {
    const bool has_no_name = family == AF_UNIX && datagram.from.name.empty();
    const SocketAddress address = has_no_name ? SocketAddress() : datagram.from.address(family);
    message.msg_namelen = std::min(message.msg_namelen, static_cast<socklen_t>(address.size()));
    std::memcpy(message.msg_name, address.data(), message.msg_namelen);
  }
  ControlWriter control(message);
  add_packet_info(control, datagram.to);
  if (notes_times())
    add_time(control, datagram.arrived.value_or(network_.universe().wall_clock(host())));
}

/// Returns true if it notes when datagrams arrive.
bool DatagramNode::notes_times() const {
  if (number_option(SOL_SOCKET, SO_TIMESTAMPNS) != 0) return true;
  return family != AF_UNIX && number_option(SOL_SOCKET, SO_TIMESTAMPING) != 0;
}

void DatagramNode::add_time(ControlWriter& control, WallTime time) const {
  if (number_option(SOL_SOCKET, SO_TIMESTAMPNS) != 0) {
    control.put(SOL_SOCKET, SO_TIMESTAMPNS, timespec_of(time));
  } else {
    control.put(SOL_SOCKET, SO_TIMESTAMPING, std::array<timespec, 3>{timespec_of(time)});
  }
}

void DatagramNode::add_packet_info(ControlWriter& control, const Site& to) const {
  if (family == AF_INET && number_option(IPPROTO_IP, IP_PKTINFO) != 0) {
    in_pktinfo info{};
    info.ipi_ifindex = 1;
    std::memcpy(&info.ipi_spec_dst, &to.ip[12], 4);
    std::memcpy(&info.ipi_addr, &to.ip[12], 4);
    control.put(IPPROTO_IP, IP_PKTINFO, info);
  } else if (family == AF_INET6 && number_option(IPPROTO_IPV6, IPV6_RECVPKTINFO) != 0) {
    in6_pktinfo info{};
    info.ipi6_ifindex = 1;
    std::memcpy(&info.ipi6_addr, to.ip.data(), 16);
    control.put(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

int DatagramNode::receive_errors(std::span<mmsghdr> messages) {
  int count = 0;
  for (mmsghdr& header : messages) {
    if (sent_.empty()) break;
    const Sent& sent = sent_.front();
    put_bytes(header, sent.packet);
    ControlWriter(header.msg_hdr)
        .put(SOL_SOCKET, SO_TIMESTAMPING, std::array<timespec, 3>{timespec_of(sent.at)});
    sent_.pop_front();
    ++count;
  }
  return count > 0 ? count : -EAGAIN;
}

/// Copies the packet to the error queue: SOF_TIMESTAMPING_TX_SOFTWARE.
void DatagramNode::note_sent(std::string_view bytes) {
  if (number_option(SOL_SOCKET, SO_TIMESTAMPING) == 0 || sent_.size() >= kSentQueueMax) return;
  const std::size_t header_bytes = family == AF_INET ? kIpv4HeaderBytes : kIpv6HeaderBytes;
  sent_.push_back(
      {std::string(header_bytes, '\0').append(bytes), network_.universe().wall_clock(host())});
}

int DatagramNode::send(std::span<mmsghdr> messages) {
  if (error_ != 0) return -take_error();
  int count = 0;
  for (mmsghdr& header : messages) {
    const int sent = send_one(header.msg_hdr);
    if (sent < 0) return count > 0 ? count : sent;
    header.msg_len = static_cast<unsigned>(sent);
    ++count;
  }
  return count;
}

int DatagramNode::send_one(const msghdr& message) {
  std::string bytes = bytes_of(message);
  if (bytes.size() > (family == AF_UNIX ? kUnixBytesMax : kUdpBytesMax)) return -EMSGSIZE;
  std::optional<Site> target;
  if (message.msg_name != nullptr) {
    target = Site::of(SocketAddress(message.msg_name, message.msg_namelen));
  } else if (!has_peer) {
    return family == AF_UNIX ? -ENOTCONN : -EDESTADDRREQ;
  }
  const int size = static_cast<int>(bytes.size());
  const bool is_timed = family != AF_UNIX && wants_sent_time(message);
  const std::string copy = is_timed ? bytes : std::string();
  const int sent = family == AF_UNIX ? send_unix(target, std::move(bytes))
                                     : send_udp(with_packet_info(message, local),
                                                target.value_or(peer), std::move(bytes));
  if (sent >= 0 && is_timed) note_sent(copy);
  return sent < 0 ? sent : size;
}

/// Without a target, sends to the connected socket, even if another socket has its name by now.
int DatagramNode::send_unix(const std::optional<Site>& target, std::string bytes) {
  std::shared_ptr<DatagramNode> receiver = target ? nullptr : partner_.lock();
  if (target) {
    if (const int failed = find_unix(*target, receiver); failed < 0) return failed;
  } else if (!receiver || !receiver->is_open_) {
    has_peer = false;
    partner_.reset();
    return -ECONNREFUSED;
  } else if (receiver->has_peer && receiver->partner_.lock().get() != this) {
    return -EPERM;
  }
  if (receiver->is_full()) {
    if (target) receiver->waiting_.push_back(weak_from_this());
    return -EAGAIN;
  }
  receiver->enqueue({local, receiver->local, std::move(bytes), {}});
  return 0;
}

int DatagramNode::send_udp(Site source, const Site& wanted, std::string bytes) {
  const Site target = wanted.to_talk_to();
  SimulatedHost* there = network_.host_at(target.ip, host());
  if (there == nullptr) return -ENETUNREACH;
  const Site any{.ip = family == AF_INET ? ipv4(0, 0, 0, 0) : Ip{}, .port = 0, .name = {}};
  if (const int bound = is_bound ? 0 : network_.bind(*this, any); bound < 0) return bound;
  if (source.port == 0) source.port = local.port;
  if (source.is_wildcard()) {
    source.ip = target.is_loopback() ? target.ip : host().addresses[target.is_ipv4() ? 0 : 2];
  }
  Universe& universe = network_.universe();
  Datagram datagram{source, target, std::move(bytes), {}};
  if (there == &host()) {
    launch(*there, datagram);
    return 0;
  }
  if (universe.strikes(Fault::datagram_loss, host().name)) return 0;
  if (network_.is_parted(host(), *there)) return 0;
  if (universe.strikes(Fault::datagram_duplication, host().name)) launch(*there, datagram);
  const bool is_hit =
      !datagram.bytes.empty() && universe.strikes(Fault::datagram_corruption, host().name);
  if (is_hit) datagram.bytes[universe.chance.below(datagram.bytes.size())] ^= 0x20;
  launch(*there, datagram);
  return 0;
}

void DatagramNode::launch(SimulatedHost& there, const Datagram& datagram) {
  Universe& universe = network_.universe();
  Instant arrival = network_.arrival(host(), there);
  if (&there != &host() && universe.strikes(Fault::datagram_reordering, host().name)) {
    arrival += universe.chance.between(Duration(0), kReorderingMax);
  }
  universe.events.plan(arrival, [weak = weak_from_this(), &network = network_, &there, datagram] {
    DatagramNode* receiver = network.find_receiver(there, datagram.to, datagram.from);
    if (receiver != nullptr) {
      receiver->enqueue(datagram);
    } else if (const auto self = weak.lock(); self && self->peer == datagram.to) {
      // Only a connected socket gets the error, and only from its peer: udp(7), IP_RECVERR.
      self->error_ = ECONNREFUSED;
      self->notify(Direction::read);
    }
  });
}

bool DatagramNode::enqueue(Datagram datagram) {
  const bool is_full = family != AF_UNIX && queued_bytes_ + datagram.bytes.size() >
                                                network_.options().datagram_queue_bytes;
  if (is_full) {
    ++lost_;
    return false;
  }
  if (notes_times()) datagram.arrived = network_.universe().wall_clock(host());
  queued_bytes_ += datagram.bytes.size();
  queue_.push_back(std::move(datagram));
  notify(Direction::read);
  return true;
}

}  // namespace hotline::engine

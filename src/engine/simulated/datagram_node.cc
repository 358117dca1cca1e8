#include "engine/simulated/datagram_node.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotline::engine {
namespace {

// The 16-bit length of UDP minus the headers; net.core.wmem_default minus the kernel's own share.
constexpr std::size_t kUdpBytesMax = 65507;
constexpr std::size_t kUnixBytesMax = 212'992 - 32;

// net.unix.max_dgram_qlen.
constexpr std::size_t kUnixQueueMax = 10;
constexpr Duration kReorderingMax = std::chrono::milliseconds(200);

std::string bytes_of(const msghdr& message) {
  std::string bytes;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    bytes.append(static_cast<const char*>(message.msg_iov[i].iov_base), message.msg_iov[i].iov_len);
  }
  return bytes;
}

/// Returns `source` with the address that the message asks to be sent from, if it does: ip(7),
/// ipv6(7).
Site with_packet_info(const msghdr& message, Site source) {
  if (message.msg_controllen == 0) return source;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return source;
  if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    source.ip = ipv4(0, 0, 0, 0);
    std::memcpy(&source.ip[12], &info.ipi_spec_dst, 4);
  }
  if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    std::memcpy(&info, CMSG_DATA(header), sizeof info);
    std::memcpy(source.ip.data(), &info.ipi6_addr, 16);
  }
  return source;
}

template <typename Info>
void put_control(msghdr& message, int level, int type, const Info& info) {
  if (message.msg_controllen < CMSG_SPACE(sizeof info)) {
    message.msg_controllen = 0;
    message.msg_flags |= MSG_CTRUNC;
    return;
  }
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  message.msg_controllen = CMSG_SPACE(sizeof info);
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
  const iovec& piece = message.msg_iov[0];
  const std::size_t size = std::min(piece.iov_len, datagram.bytes.size());
  std::memcpy(piece.iov_base, datagram.bytes.data(), size);
  header.msg_len = static_cast<unsigned>(size);
  message.msg_flags = size < datagram.bytes.size() ? MSG_TRUNC : 0;
  if (message.msg_name != nullptr) {
    const bool has_no_name = family == AF_UNIX && datagram.from.name.empty();
    const SocketAddress address = has_no_name ? SocketAddress() : datagram.from.address(family);
    message.msg_namelen = std::min(message.msg_namelen, static_cast<socklen_t>(address.size()));
    std::memcpy(message.msg_name, address.data(), message.msg_namelen);
  }
  add_packet_info(message, datagram.to);
}

void DatagramNode::add_packet_info(msghdr& message, const Site& to) const {
  if (family == AF_INET && number_option(IPPROTO_IP, IP_PKTINFO) != 0) {
    in_pktinfo info{};
    info.ipi_ifindex = 1;
    std::memcpy(&info.ipi_spec_dst, &to.ip[12], 4);
    std::memcpy(&info.ipi_addr, &to.ip[12], 4);
    put_control(message, IPPROTO_IP, IP_PKTINFO, info);
  } else if (family == AF_INET6 && number_option(IPPROTO_IPV6, IPV6_RECVPKTINFO) != 0) {
    in6_pktinfo info{};
    info.ipi6_ifindex = 1;
    std::memcpy(&info.ipi6_addr, to.ip.data(), 16);
    put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
  } else {
    message.msg_controllen = 0;
  }
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
  const int sent = family == AF_UNIX ? send_unix(target, std::move(bytes))
                                     : send_udp(with_packet_info(message, local),
                                                target.value_or(peer), std::move(bytes));
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
  receiver->enqueue({local, receiver->local, std::move(bytes)});
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
  Datagram datagram{source, target, std::move(bytes)};
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
  if (is_full) return false;
  queued_bytes_ += datagram.bytes.size();
  queue_.push_back(std::move(datagram));
  notify(Direction::read);
  return true;
}

}  // namespace hotline::engine

#include "udp_load.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "failure.h"

namespace bench {
namespace {

constexpr int kTurnMs = 20;
constexpr Nanoseconds kReplyTimeout = 200 * kMillisecond;
constexpr Nanoseconds kExpiryPeriod = 50 * kMillisecond;

std::vector<mmsghdr> headers(std::vector<iovec>& pieces, std::vector<char>& memory,
                             std::size_t stride) {
  std::vector<mmsghdr> all(pieces.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    pieces[i] = {memory.data() + i * stride, stride};
    all[i].msg_hdr.msg_iov = &pieces[i];
    all[i].msg_hdr.msg_iovlen = 1;
  }
  return all;
}

}  // namespace

// Received datagrams have room for one byte more than they should be, to notice longer ones.
UdpLoad::UdpLoad(const Options& options, Measurement& measurement)
    : options_(options),
      measurement_(measurement),
      stride_(options.bytes + 1),
      datagrams_(Datagrams::of(options)),
      trains_(options),
      received_(options.depth * stride_),
      composed_(options.depth * options.bytes),
      receive_pieces_(options.depth),
      send_pieces_(options.depth),
      receive_headers_(headers(receive_pieces_, received_, stride_)),
      send_headers_(headers(send_pieces_, composed_, options.bytes)) {}

void UdpLoad::run() {
  connect();
  measurement_.start();
  const Nanoseconds start = now();
  for (Peer& peer : peers_) {
    for (std::size_t slot = 0; slot < options_.depth; ++slot) compose(peer, slot, start);
    send_composed(peer);
  }
  while (turn()) {
  }
}

void UdpLoad::connect() {
  peers_.resize(options_.connections);
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    peers_[i].socket = connect_datagrams(options_.server);
    if (trains_.are_wanted()) UdpTrains::accept_on(peers_[i].socket);
    peers_[i].index = i;
    peers_[i].slots.resize(options_.depth);
    for (std::size_t slot = 0; slot < options_.depth; ++slot)
      peers_[i].slots[slot].number = static_cast<std::uint32_t>(slot);
    poller_.add(peers_[i].socket, EPOLLIN, i);
  }
}

// False once the time is over and nothing is awaited.
bool UdpLoad::turn() {
  for (const epoll_event& event : poller_.wait(kTurnMs)) receive(peers_[event.data.u64]);
  const Nanoseconds time = now();
  running_ = measurement_.running(time);
  if (time >= next_expiry_) expire(time);
  measurement_.check_silence(time);
  return running_ || waiting_ > 0;
}

void UdpLoad::receive(Peer& peer) {
  if (trains_.are_wanted()) return receive_trains(peer);
  while (true) {
    const std::size_t count = receive_batch(peer);
    const Nanoseconds time = now();
    for (std::size_t i = 0; i < count; ++i) {
      const char* reply = received_.data() + i * stride_;
      accept(peer, reply, receive_headers_[i].msg_len, time);
    }
    send_composed(peer);
    // A batch that is not full has emptied the socket; a window that is full cannot grow.
    if (count < options_.depth || options_.depth == 1) return;
  }
}

void UdpLoad::receive_trains(Peer& peer) {
  while (const UdpTrains::Received train = trains_.receive(peer.socket)) {
    const Nanoseconds time = now();
    for (std::size_t at = 0; at < train.size; at += train.segment_size) {
      const std::size_t size = std::min(train.segment_size, train.size - at);
      accept(peer, train.bytes + at, size, time);
    }
    send_composed(peer);
  }
}

std::size_t UdpLoad::receive_batch(const Peer& peer) {
  const int socket = peer.socket.get();
  if (options_.depth == 1) {
    const ssize_t size = recv(socket, received_.data(), stride_, MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN) throw Failure::system("recv");
    receive_headers_[0].msg_len = static_cast<unsigned>(std::max<ssize_t>(size, 0));
    return size < 0 ? 0 : 1;
  }
  const auto room = static_cast<unsigned>(options_.depth);
  const int count = recvmmsg(socket, receive_headers_.data(), room, MSG_DONTWAIT, nullptr);
  if (count < 0 && errno != EAGAIN) throw Failure::system("recvmmsg");
  return static_cast<std::size_t>(std::max(count, 0));
}

// The next request follows, unless the datagram was given up before.
void UdpLoad::accept(Peer& peer, const char* reply, std::size_t size, Nanoseconds now) {
  if (size != options_.bytes) throw Failure("wrong reply: its size");
  const std::uint32_t number = datagrams_->verify(peer.index, reply);
  const std::size_t slot_index = number % options_.depth;
  Slot& slot = peer.slots[slot_index];
  if (!slot.waiting || slot.number != number) return;
  slot.waiting = false;
  --waiting_;
  measurement_.answered(now, now - slot.time, 1);
  if (running_) compose(peer, slot_index, now);
}

void UdpLoad::compose(Peer& peer, std::size_t slot_index, Nanoseconds now) {
  Slot& slot = peer.slots[slot_index];
  slot.number += static_cast<std::uint32_t>(options_.depth);
  slot.waiting = true;
  slot.time = now;
  ++waiting_;
  char* datagram = composed_.data() + composed_count_++ * options_.bytes;
  datagrams_->compose(peer.index, slot.number, datagram);
}

void UdpLoad::send_composed(const Peer& peer) {
  const auto count = static_cast<unsigned>(std::exchange(composed_count_, 0));
  if (count == 0) return;
  // What does not go out is left to the timeout.
  if (count == 1) {
    send_some(peer.socket, composed_.data(), options_.bytes);
    return;
  }
  if (trains_.are_wanted()) return trains_.send(peer.socket, composed_.data(), count);
  const int sent = sendmmsg(peer.socket.get(), send_headers_.data(), count, MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) throw Failure::system("sendmmsg");
}

void UdpLoad::expire(Nanoseconds now) {
  next_expiry_ = now + kExpiryPeriod;
  for (Peer& peer : peers_) {
    for (std::size_t i = 0; i < peer.slots.size(); ++i) {
      Slot& slot = peer.slots[i];
      if (!slot.waiting || now - slot.time < kReplyTimeout) continue;
      slot.waiting = false;
      --waiting_;
      measurement_.lost();
      if (running_) compose(peer, i, now);
    }
    send_composed(peer);
  }
}

}  // namespace bench

#include "net/sent_queue.h"

#include <linux/errqueue.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/engine.h"
#include "engine/operations/datagrams.h"
#include "net/kernel_times.h"

namespace hotline::net {
namespace {

using engine::Engine;

// Ethernet with two VLAN tags, IPv6 and UDP, and room for a tunnel.
constexpr std::size_t kHeaderBytesMax = 192;

bool is_error(const cmsghdr& control) {
  return (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_RECVERR) ||
         (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_RECVERR);
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

}  // namespace

void SentQueue::Ring::allocate(std::size_t count, std::size_t datagram_bytes_max) {
  const std::size_t stride = (datagram_bytes_max + kHeaderBytesMax + 63) / 64 * 64;
  memory = std::make_unique_for_overwrite<std::byte[]>(count * stride);
  pieces.assign(count, {});
  controls.resize(count);
  headers.assign(count, {});
  datagrams.assign(count, {});
  next = filled = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pieces[i] = {memory.get() + i * stride, stride};
    headers[i].msg_hdr.msg_iov = &pieces[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    headers[i].msg_hdr.msg_control = controls[i].bytes;
  }
}

/// Returns at most `count_max` places in a row, ready to be filled.
std::span<mmsghdr> SentQueue::Ring::prepare(std::size_t count_max) noexcept {
  const auto places = std::span(headers).subspan(next, std::min(count_max, size() - next));
  for (mmsghdr& header : places) {
    header.msg_hdr.msg_controllen = sizeof(Control);
    header.msg_hdr.msg_flags = 0;
  }
  return places;
}

void SentQueue::keep(std::size_t count, std::size_t datagram_bytes_max) {
  filling_.allocate(count, datagram_bytes_max);
  given_.allocate(count, datagram_bytes_max);
  in_order_.clear();
  in_order_.reserve(count);
  awaited_ = 0;
}

void SentQueue::note_sent(engine::Channel& channel, std::size_t count) {
  sent_since_read_ += count;
  awaited_ += count;
  if (sent_since_read_ > filling_.size()) empty(channel);
}

void SentQueue::read_errors(engine::Channel& channel) noexcept {
  const int noted = error_;
  empty(channel);
  error_ = noted;
}

void SentQueue::empty(engine::Channel& channel) noexcept {
  if (!is_keeping()) return drop_all(channel);
  int result = 0;
  do {
    result = read(channel, filling_.size());
  } while (result > 0);
}

int SentQueue::fill(engine::Channel& channel) noexcept {
  int result = 1;
  while (result > 0 && filling_.room() > 0) result = read(channel, filling_.room());
  return result == -EAGAIN || result > 0 ? 0 : result;
}

/// Returns how many were read, 0 if no more are there, or a negated errno.
int SentQueue::read(engine::Channel& channel, std::size_t count_max) noexcept {
  const auto places = filling_.prepare(count_max);
  engine::ReceiveErrors operation(channel, places);
  const int result = Engine::current().attempt(operation);
  sent_since_read_ = 0;
  if (result <= 0) return result;
  const auto count = static_cast<std::size_t>(result);
  awaited_ -= std::min(awaited_, count);
  for (std::size_t i = 0; i < count; ++i) note(filling_.next + i);
  filling_.next = (filling_.next + count) % filling_.size();
  filling_.filled = std::min(filling_.filled + count, filling_.size());
  return count < places.size() ? 0 : result;
}

/// For a socket that keeps nothing. Errors are noted nevertheless.
void SentQueue::drop_all(engine::Channel& channel) noexcept {
  std::array<Ring::Control, 8> controls;
  std::array<mmsghdr, controls.size()> headers{};
  for (;;) {
    for (std::size_t i = 0; i < headers.size(); ++i) {
      headers[i].msg_hdr.msg_control = controls[i].bytes;
      headers[i].msg_hdr.msg_controllen = sizeof controls[i];
    }
    engine::ReceiveErrors operation(channel, headers);
    const int count = Engine::current().attempt(operation);
    for (int i = 0; i < count; ++i) note_error(headers[static_cast<std::size_t>(i)].msg_hdr);
    if (count < static_cast<int>(headers.size())) return;
  }
}

void SentQueue::note(std::size_t index) noexcept {
  const mmsghdr& header = filling_.headers[index];
  SentDatagram& datagram = filling_.datagrams[index];
  datagram = {};
  // The report of an error may carry a time as well: that of its arrival.
  if (note_error(header.msg_hdr)) return;
  // Without its end the copy does not say which datagram it is.
  if ((header.msg_hdr.msg_flags & MSG_TRUNC) != 0) return;
  for_each_control(header.msg_hdr, [&](const cmsghdr& control) {
    const auto time = time_in(control);
    if (!time) return;
    datagram.sent_at = *time;
    datagram.bytes = {static_cast<const std::byte*>(header.msg_hdr.msg_iov->iov_base),
                      header.msg_len};
  });
}

/// Returns true if the message reports an error.
bool SentQueue::note_error(const msghdr& message) noexcept {
  bool is_found = false;
  for_each_control(message, [&](const cmsghdr& control) {
    if (!is_error(control) || control.cmsg_len < CMSG_LEN(sizeof(sock_extended_err))) return;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(&control), sizeof error);
    if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) return;
    error_ = -static_cast<int>(error.ee_errno);
    is_found = true;
  });
  return is_found;
}

std::span<const SentDatagram> SentQueue::take() {
  std::swap(filling_, given_);
  filling_.filled = 0;
  in_order_.clear();
  const std::size_t size = given_.size();
  for (std::size_t i = given_.filled; i > 0; --i) {
    const SentDatagram& each = given_.datagrams[(given_.next + size - i) % size];
    if (each.bytes.data() != nullptr) in_order_.push_back(each);
  }
  return in_order_;
}

}  // namespace hotline::net

#include "net/send_batch.h"

#include <cstring>

namespace hotline::net {
namespace {

void address(msghdr& header, const DatagramRoute& route) {
  header.msg_name = const_cast<void*>(route.peer.data());
  header.msg_namelen = static_cast<socklen_t>(route.peer.size());
  if (RouteControl::size(route) == 0) return;
  header.msg_control = const_cast<std::byte*>(RouteControl::data(route));
  header.msg_controllen = RouteControl::size(route);
}

}  // namespace

std::span<mmsghdr> SendBatch::prepare(std::span<const OutgoingDatagram> datagrams, Trains trains) {
  datagrams = datagrams.first(std::min(datagrams.size(), headers_.size()));
  described_ = next_ = position_ = 0;
  if (trains == Trains{} || datagrams.size() < 2) {
    plain_.clear();
    for (const OutgoingDatagram& each : datagrams) plain_.push_back(&each);
    order_ = plain_;
    split_trains();
    return due();
  }
  groups_.arrange(datagrams);
  order_ = groups_.order();
  std::size_t position = 0;
  for (const std::size_t end : groups_.ends()) {
    while (position < end) {
      const std::size_t length = train_length(order_.subspan(position, end - position), trains);
      describe(position, length);
      position += length;
    }
  }
  return due();
}

std::span<const OutgoingDatagram* const> SendBatch::pass(std::size_t count) {
  const std::size_t from = position_;
  for (const std::size_t end = next_ + count; next_ < end; ++next_) position_ += lengths_[next_];
  return order_.subspan(from, position_ - from);
}

std::size_t SendBatch::next_train_bytes() const {
  return next_ < described_ && lengths_[next_] > 1 ? order_[position_]->bytes.size() : 0;
}

void SendBatch::split_trains() {
  described_ = next_;
  for (std::size_t at = position_; at < order_.size(); ++at) describe(at, 1);
}

/// Describes the `length` datagrams at `position` as one.
void SendBatch::describe(std::size_t position, std::size_t length) {
  const std::size_t index = described_++;
  const OutgoingDatagram& first = *order_[position];
  for (std::size_t at = position; at < position + length; ++at) {
    const Bytes bytes = order_[at]->bytes;
    pieces_[at] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  }
  lengths_[index] = length;
  msghdr& header = headers_[index].msg_hdr;
  header = {};
  header.msg_iov = &pieces_[position];
  header.msg_iovlen = length;
  if (first.route != nullptr) address(header, *first.route);
  if (length > 1) {
    write_train_request(make_room(index, kTrainRequestBytes), first.bytes.size());
  } else if (first.sent_time == SentTime::wanted && times_ == TimestampUse::received_and_sent) {
    write_sent_time_request(make_room(index, kSentTimeRequestBytes));
  }
}

/// Returns the place of another control message of `size` bytes, before those of the route.
std::byte* SendBatch::make_room(std::size_t index, std::size_t size) {
  msghdr& header = headers_[index].msg_hdr;
  std::byte* const control = controls_[index].bytes;
  if (header.msg_controllen > 0) {
    std::memcpy(control + size, header.msg_control, header.msg_controllen);
  }
  header.msg_control = control;
  header.msg_controllen += size;
  return control;
}

}  // namespace hotline::net

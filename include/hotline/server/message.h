#pragma once

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/stream.h"

namespace hotline HOTLINE_PUBLIC {

/// One message for a message handler: a datagram, or a frame of a stream. Its bytes are a lease:
/// the handler may change them in place, and they are valid until its reply has been sent.
class Message {
 public:
  Message(const DatagramSocket& socket, const Datagram& datagram)
      : bytes_(datagram.bytes), socket_(&socket), datagram_(&datagram) {}
  Message(const Stream& stream, MutableBytes payload) : bytes_(payload), stream_(&stream) {}

  /// Makes a message without a socket, to call a handler directly, as in a unit test. `bytes` and
  /// `peer` must outlive it.
  Message(MutableBytes bytes, const Endpoint& peer) : bytes_(bytes), peer_(&peer) {}
  Message(MutableBytes bytes, Endpoint&& peer) = delete;

  MutableBytes bytes() const { return bytes_; }

  /// Returns true for a datagram, and false for a frame of a stream.
  bool is_datagram() const { return datagram_ != nullptr; }

  /// Returns true if the end of a datagram was cut off because it was too long. Frames are always
  /// complete.
  bool is_truncated() const { return datagram_ != nullptr && datagram_->is_truncated; }

  /// Returns the route of a datagram, with the address of its sender, and null for a frame.
  const DatagramRoute* route() const { return datagram_ == nullptr ? nullptr : datagram_->route; }

  /// Returns the sender of the message. Allocates.
  Endpoint peer() const {
    if (peer_ != nullptr) return *peer_;
    if (stream_ != nullptr) return stream_->peer();
    return datagram_->route == nullptr ? socket_->endpoint() : socket_->peer_of(*datagram_->route);
  }

 private:
  MutableBytes bytes_;
  const DatagramSocket* socket_ = nullptr;
  const Datagram* datagram_ = nullptr;
  const Stream* stream_ = nullptr;
  const Endpoint* peer_ = nullptr;
};

}  // namespace hotline

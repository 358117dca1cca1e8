#pragma once

#include "hotline/core/public.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/identity.h"
#include "hotline/net/stream.h"

namespace hotline HOTLINE_PUBLIC {

/// The addresses and the identity of a call, or of a datagram socket, for a handler. It is a view,
/// valid until the function that receives it returns. One thread.
class CallInfo {
 public:
  /// `identity` may be null. Both must outlive the view.
  explicit CallInfo(const Stream& call, const Identity* identity = nullptr)
      : stream_(&call), identity_(identity) {}
  explicit CallInfo(const DatagramSocket& socket) : socket_(&socket) {}

  /// Makes a view without a socket, to test functions that take a CallInfo. All three arguments
  /// must outlive it.
  CallInfo(const Endpoint& peer, const Endpoint& local, const Identity* identity = nullptr)
      : peer_(&peer), local_(&local), identity_(identity) {}

  /// Returns true for a datagram socket, which has many peers, and false for a call.
  bool is_datagram_socket() const { return socket_ != nullptr; }

  /// Returns the address of the caller. For a datagram socket it is a default Endpoint: see
  /// Message::peer() for the sender of a datagram. Allocates.
  Endpoint peer() const {
    if (stream_ != nullptr) return stream_->peer();
    return peer_ == nullptr ? Endpoint() : *peer_;
  }

  /// Returns the server's address: the one that was called, or where the socket is bound. Makes a
  /// system call, and allocates.
  Endpoint local() const {
    if (stream_ != nullptr) return stream_->local();
    return socket_ == nullptr ? *local_ : socket_->endpoint();
  }

  /// Returns who calls: the identity that TLS or Handler::authenticate has proved; at a UNIX socket
  /// otherwise the calling user. Null if nothing is known.
  const Identity* identity() const { return identity_; }

 private:
  const Stream* stream_ = nullptr;
  const DatagramSocket* socket_ = nullptr;
  const Endpoint* peer_ = nullptr;
  const Endpoint* local_ = nullptr;
  const Identity* identity_ = nullptr;
};

}  // namespace hotline

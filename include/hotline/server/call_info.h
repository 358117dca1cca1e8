#pragma once

#include <string>

#include "hotline/net/datagram_socket.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/stream.h"

namespace hotline {

/// The caller that an authentication has recognized.
struct Identity {
  std::string name;

  friend bool operator==(const Identity&, const Identity&) = default;
};

/// What a server knows of a call, or of a datagram socket, when it gives it to a handler. A view:
/// it is valid until the function that was given it returns. One thread.
class CallInfo {
 public:
  /// `identity` may be null. Both outlive the view.
  explicit CallInfo(const Stream& call, const Identity* identity = nullptr)
      : stream_(&call), identity_(identity) {}
  explicit CallInfo(const DatagramSocket& socket) : socket_(&socket) {}

  /// A call without a socket, to test what takes a CallInfo. All outlive the view.
  CallInfo(const Endpoint& peer, const Endpoint& local, const Identity* identity = nullptr)
      : peer_(&peer), local_(&local), identity_(identity) {}

  /// Returns whether it is a datagram socket, which has many peers; else it is one call.
  bool is_datagram_socket() const { return socket_ != nullptr; }

  /// Returns the address of the caller; a default Endpoint for a datagram socket: Message::peer()
  /// says who sent which datagram. Allocates.
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

  /// Returns who calls, as Handler::authenticate found out; null without an authentication.
  const Identity* identity() const { return identity_; }

 private:
  const Stream* stream_ = nullptr;
  const DatagramSocket* socket_ = nullptr;
  const Endpoint* peer_ = nullptr;
  const Endpoint* local_ = nullptr;
  const Identity* identity_ = nullptr;
};

}  // namespace hotline

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "../trust/context.h"
#include "options.h"
#include "socket.h"

namespace bench {

// How streams to the server are opened. Must outlive its links.
class Opener {
 public:
  // Throws std::runtime_error if a key or a certificate cannot be used.
  explicit Opener(const Options& options);

 private:
  friend class Link;

  const Options& options_;
  trust::Context context_;  // Null without TLS.
};

// A stream to the server: plain, after a challenge, or in TLS. All of its functions throw Failure.
class Link {
 public:
  Link() = default;

  // Connects. What the trust asks for is begun by the first is_open().
  Link(const Opener& opener, std::uint64_t serial);

  const Descriptor& socket() const { return socket_; }

  // Goes on with the handshake. False if it waits for the server: call it again when the socket is
  // readable. To be asked until it is true, and before anything is sent.
  bool is_open();

  // Waits until is_open().
  void open();

  // As send_some() and receive_some() of a socket. With TLS, what is received either fills the
  // buffer or is all that has come.
  std::size_t send(const char* bytes, std::size_t size);
  std::size_t receive(char* buffer, std::size_t size);

  // Ends the stream in good order.
  void close();

 private:
  bool answer_challenge();
  std::size_t receive_records(char* buffer, std::size_t size);

  Descriptor socket_;
  trust::Ssl ssl_;                       // Null without TLS.
  const std::string* secret_ = nullptr;  // Null without a challenge, or once it was answered.
};

}  // namespace bench

#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hotline/net/psk.h"
#include "hotline/net/stream_layer.h"
#include "net/client_hello.h"

namespace hotline::net {

template <auto kFree>
struct OpenSslDelete {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslPointer = std::unique_ptr<SSL, OpenSslDelete<SSL_free>>;
using SslContextPointer = std::unique_ptr<SSL_CTX, OpenSslDelete<SSL_CTX_free>>;

/// TLS 1.3 over the bytes that a stream hands it. OpenSSL reads and writes memory only, so no fiber
/// waits inside of it. Fails with `protocol_violation` if the peer keeps it busy without sending
/// data, see kIdleMax. RFC 8446.
class TlsLayer final : public StreamLayer {
 public:
  enum class Trust : bool {
    key,          ///< A pre-shared key, and nothing else.
    certificate,  ///< Certificates.
  };

  /// `ssl` is set up, and knows whether it accepts or connects. `settings` live as long as the
  /// layer.
  TlsLayer(SslPointer ssl, Trust trust, std::shared_ptr<const void> settings);

  Result<bool> open(Bytes& wire, std::vector<std::byte>& out) override;
  Result<std::size_t> decode(Bytes& wire, MutableBytes plain, std::vector<std::byte>& out) override;
  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override;
  Result<void> encode_end(std::vector<std::byte>& out) override;
  ErrorKind end_of_wire() const override;
  std::size_t take_idle_steps() override { return std::exchange(wire_.idle_steps, 0); }
  bool has_buffered() const override;
  std::optional<Identity> identity() const override;
  std::optional<Secret> channel_binding() const override;
  bool is_protected() const override { return true; }

  /// Notes the name of the key that the handshake uses.
  void set_key_name(std::string name) { key_name_ = std::move(name); }

  /// Returns the layer of `ssl`, or null.
  static TlsLayer* of(SSL* ssl);

  /// A peer that sends more records and messages in a row without a plain byte violates the
  /// protocol. An update of the keys is one record with one message, and so is a ticket: 32 of them
  /// may follow each other. Other libraries allow 16 to 32, and honest peers send a few in a call.
  static constexpr std::size_t kIdleMax = 64;

  /// The bytes on their way during one call of a function above; between the calls there are none.
  struct Wire {
    Bytes in;
    std::vector<std::byte> out;
    bool is_open = false;        ///< The handshake is complete.
    std::size_t idle_count = 0;  ///< The records and messages since the last plain byte.
    std::size_t idle_steps = 0;  ///< What take_idle_steps() returns.

    /// A record with data is counted too until it is complete.
    bool is_idle_too_long() const { return idle_count > kIdleMax + 1; }
  };

 private:
  class Exchange;

  Result<bool> open_to_caller(Bytes& wire, std::vector<std::byte>& out);
  Result<bool> shake_hands(Bytes& wire, std::vector<std::byte>& out);
  Result<void> check_trust() const;
  void note_plain();
  std::optional<Error> end_of_read(int result) const;
  Error failure_of(int result, std::string_view operation) const;
  Error handshake_failure(int result) const;

  std::shared_ptr<const void> settings_;
  SslPointer ssl_;
  Trust trust_;
  std::string key_name_;
  bool is_trusted_ = false;  ///< The handshake is complete, and the peer has proved who it is.
  std::unique_ptr<ClientHello> hello_;  ///< A server's, while it waits for one.
  Wire wire_;
  std::optional<Error> end_;  ///< How reading ended: after the bytes before it.
};

}  // namespace hotline::net

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <string>

#include <doctest/doctest.h>

#include "contract/peer_socket.h"
#include "support/tls_options.h"

// A client that OpenSSL makes without the library, so that the library is on one side only.

namespace contract {
namespace {

constexpr unsigned char kSuiteId[] = {0x13, 0x01};
constexpr std::size_t kWireBytes = 16 * 1024;

// So that a sender whose peer does not read gets only this far ahead of its socket.
constexpr std::size_t kSentAtOnce = 64 * 1024;

int use_key(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* size,
            SSL_SESSION** session) {
  const hotline::Psk& own = *static_cast<const hotline::Psk*>(SSL_get_app_data(ssl));
  *identity = reinterpret_cast<const unsigned char*>(own.identity.data());
  *size = own.identity.size();
  *session = SSL_SESSION_new();
  const hotline::Bytes key = own.key.bytes();
  SSL_SESSION_set1_master_key(*session, reinterpret_cast<const unsigned char*>(key.data()),
                              key.size());
  SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, kSuiteId));
  SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
  return 1;
}

SSL_CTX* client_context() {
  static SSL_CTX* const kContext = [] {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_psk_use_session_callback(context, use_key);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return context;
  }();
  return kContext;
}

/// One thread or fiber may send while another receives: the lock is for OpenSSL, and no thread
/// waits under it. Before the handshake is complete there must be only one of them.
class TlsPeerSocket final : public PeerSocket {
 public:
  TlsPeerSocket(std::unique_ptr<PeerSocket> wire, std::string_view name)
      : key_(hotline::test::key_of(std::string(name))),
        wire_(std::move(wire)),
        ssl_(SSL_new(client_context())) {
    SSL_set_app_data(ssl_, &key_);
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(ssl_), -1);
    SSL_set_connect_state(ssl_);
    step();
    flush(Patience::none);
  }

  ~TlsPeerSocket() override {
    if (!is_reset_ && is_open_) {
      SSL_shutdown(ssl_);
      flush(Patience::none);
    }
    SSL_free(ssl_);
  }

  int establish() override { return open(Patience::some); }

  int send(std::string_view bytes, Patience patience) override {
    if (bytes.empty()) return 0;
    if (const int opened = open(patience); opened < 0) {
      const bool may_wait_here = opened == -EAGAIN && early_.empty();
      return may_wait_here ? send_early(bytes.substr(0, kSentAtOnce)) : opened;
    }
    if (const int sent = flush(patience); sent < 0) return sent;
    bytes = bytes.substr(0, kSentAtOnce);
    const int written = encode(bytes);
    if (written <= 0) return -EPROTO;
    // What does not go now goes before the next bytes.
    if (const int sent = flush(patience); sent < 0 && sent != -EAGAIN) return sent;
    return written;
  }

  int send_early(std::string_view bytes) override {
    early_ += bytes;
    return static_cast<int>(bytes.size());
  }

  int receive(std::span<char> into, Patience patience) override {
    return read(patience,
                [&] { return SSL_read(ssl_, into.data(), static_cast<int>(into.size())); });
  }

  bool is_readable() override {
    char byte = 0;
    return read(Patience::none, [&] { return SSL_peek(ssl_, &byte, 1); }) != -EAGAIN;
  }

  int end_writes() override {
    if (const int opened = open(Patience::some); opened < 0) return opened;
    {
      const std::scoped_lock lock(mutex_);
      if (SSL_shutdown(ssl_) < 0) return -EPROTO;
    }
    if (const int sent = flush(Patience::some); sent < 0) return sent;
    return wire_->end_writes();
  }

  void close_with_reset() override {
    is_reset_ = true;
    wire_->close_with_reset();
  }

 private:
  int step() {
    ERR_clear_error();
    return SSL_do_handshake(ssl_);
  }

  /// Completes the handshake. What the server sends after its refusal is for the caller to see.
  int open(Patience patience) {
    while (!is_open_) {
      const int result = step();
      if (const int sent = flush(patience); sent < 0) return sent;
      is_open_ = result == 1;
      if (is_open_) return send_what_waited(patience);
      if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) return -EPROTO;
      const int received = fill(patience);
      if (received == 0) return -EPIPE;
      if (received < 0) return received;
    }
    return 0;
  }

  int encode(std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    ERR_clear_error();
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  }

  int send_what_waited(Patience patience) {
    if (early_.empty()) return 0;
    if (encode(early_) <= 0) return -EPROTO;
    early_.clear();
    return flush(patience);
  }

  template <typename Read>
  int read(Patience patience, Read read_plain) {
    if (const int opened = open(patience); opened < 0) {
      return opened == -EPIPE ? 0 : opened;
    }
    for (;;) {
      std::unique_lock lock(mutex_);
      ERR_clear_error();
      const int result = read_plain();
      if (result > 0) return result;
      const int kind = SSL_get_error(ssl_, result);
      lock.unlock();
      if (kind == SSL_ERROR_ZERO_RETURN) return 0;
      if (kind != SSL_ERROR_WANT_READ) return -EPROTO;
      const int received = fill(patience);
      // An end without the end of TLS: something may be missing.
      if (received == 0) return -EPROTO;
      if (received < 0) return received;
    }
  }

  int fill(Patience patience) {
    std::string bytes(kWireBytes, '\0');
    const int received = wire_->receive(bytes, patience);
    const std::scoped_lock lock(mutex_);
    if (received > 0) BIO_write(SSL_get_rbio(ssl_), bytes.data(), received);
    return received;
  }

  int flush(Patience patience) {
    take_encoded();
    while (!unsent_.empty()) {
      const int sent = wire_->send(unsent_, patience);
      if (sent < 0) return sent;
      unsent_.erase(0, static_cast<std::size_t>(sent));
    }
    return 0;
  }

  void take_encoded() {
    const std::scoped_lock lock(mutex_);
    char* bytes = nullptr;
    const long more = BIO_get_mem_data(SSL_get_wbio(ssl_), &bytes);
    unsent_.append(bytes, static_cast<std::size_t>(more));
    static_cast<void>(BIO_reset(SSL_get_wbio(ssl_)));
  }

  hotline::Psk key_;
  std::unique_ptr<PeerSocket> wire_;
  SSL* ssl_;
  std::mutex mutex_;
  std::atomic<bool> is_open_ = false;
  std::string unsent_;
  std::string early_;
  bool is_reset_ = false;
};

}  // namespace

std::unique_ptr<PeerSocket> over_tls(std::unique_ptr<PeerSocket> socket, std::string_view name) {
  return std::make_unique<TlsPeerSocket>(std::move(socket), name);
}

}  // namespace contract

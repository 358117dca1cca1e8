#pragma once

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "net/tls_layer.h"
#include "support/certificates.h"

namespace hotline::test {

/// One end of TLS by OpenSSL alone, in memory, which can do what no layer of this library does. It
/// trusts every certificate.
class RawTls {
 public:
  enum class Role : bool { client, server };

  /// `files`: the certificate of a server. It sends `ticket_count` tickets after the handshake.
  explicit RawTls(Role role, const CertificateFiles& files = {}, std::size_t ticket_count = 0)
      : context_(SSL_CTX_new(TLS_method())) {
    REQUIRE(context_);
    if (role == Role::server) use(files);
    REQUIRE(SSL_CTX_set_num_tickets(context_.get(), ticket_count) == 1);
    ssl_.reset(SSL_new(context_.get()));
    REQUIRE(ssl_);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    role == Role::server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }

  /// Takes what the other end has sent, and goes on with the handshake.
  void take(std::vector<std::byte>& sent) {
    if (!sent.empty()) BIO_write(in_, sent.data(), static_cast<int>(sent.size()));
    sent.clear();
    SSL_do_handshake(ssl_.get());
  }

  /// Asks the other end for new keys too.
  void update_keys() {
    REQUIRE(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
    REQUIRE(SSL_do_handshake(ssl_.get()) == 1);
  }

  void write(std::string_view text) {
    REQUIRE(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0);
  }

  /// Returns what is to be sent.
  std::vector<std::byte> take_sent() {
    std::vector<std::byte> sent(BIO_ctrl_pending(out_));
    if (!sent.empty()) BIO_read(out_, sent.data(), static_cast<int>(sent.size()));
    return sent;
  }

 private:
  void use(const CertificateFiles& files) {
    SSL_CTX* const raw = context_.get();
    REQUIRE(SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(raw, files.private_key.c_str(), SSL_FILETYPE_PEM) == 1);
  }

  net::SslContextPointer context_;
  net::SslPointer ssl_;
  BIO* in_ = nullptr;  ///< Both belong to ssl_.
  BIO* out_ = nullptr;
};

}  // namespace hotline::test

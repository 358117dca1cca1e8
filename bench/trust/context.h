#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

// TLS 1.3 by bare OpenSSL, with the rules of docs/wire/tls.md: one suite, no tickets, and either a
// pre-shared key or certificates.
namespace trust {

// What --psk, --ca, --certificate and --key say. All empty: no TLS.
struct Material {
  std::string psk;  // IDENTITY:HEX
  std::string ca;
  std::string certificate;
  std::string key;

  bool has_tls() const { return !psk.empty() || !ca.empty(); }

  // Where the value of that option belongs; nullptr for others.
  std::string* place_of(const std::string& option);
};

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Ssl = std::unique_ptr<SSL, FreeSsl>;

// Both throw std::runtime_error. With certificates both ends must have one. `material` must outlive
// the context.
Context client_context(const Material& material);
Context server_context(const Material& material);

}  // namespace trust

#include "hotline/net/tls.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "engine/regular_file.h"
#include "hotline/core/literal.h"
#include "hotline/core/rows.h"
#include "net/address.h"
#include "net/tls_layer.h"
#include "net/tls_reason.h"

namespace hotline {

using net::SslContextPointer;
using net::SslPointer;
using net::TlsLayer;

namespace net {

/// What the callbacks of OpenSSL need.
struct TlsKeys {
  PskLookup accepted;      ///< A server's.
  std::optional<Psk> own;  ///< A client's.

  static const TlsKeys& of(SSL* ssl) {
    return *static_cast<const TlsKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  }
};

}  // namespace net

using net::TlsKeys;

namespace {

constexpr Literal kUseTls = "use TLS with";
constexpr Literal kSetUpTls = "set up TLS";

// One suite, whose hash is that of the key: with the default order OpenSSL may choose another hash
// and refuse the key (openssl issue 21226). RFC 8446, appendix B.4.
constexpr const char* kKeySuite = "TLS_AES_128_GCM_SHA256";
constexpr std::array<unsigned char, 2> kKeySuiteId = {0x13, 0x01};

constexpr long kCertificatesMax = 32 * 1024;

// As the limit of the length in a ClientHello allows, and as no honest identity needs.
constexpr std::size_t kIdentityMax = 128;

using SessionPointer = std::unique_ptr<SSL_SESSION, net::OpenSslDelete<SSL_SESSION_free>>;

/// Returns the session by which OpenSSL knows an external key; null without memory.
SessionPointer session_of(SSL* ssl, Bytes key) {
  SessionPointer session(SSL_SESSION_new());
  if (!session) return {};
  const SSL_CIPHER* const suite = SSL_CIPHER_find(ssl, kKeySuiteId.data());
  assert(suite != nullptr && "every OpenSSL that has TLS 1.3 has the suite of RFC 8446, 9.1");
  const bool is_set =
      SSL_SESSION_set1_master_key(session.get(), reinterpret_cast<const unsigned char*>(key.data()),
                                  key.size()) == 1 &&
      SSL_SESSION_set_cipher(session.get(), suite) == 1 &&
      SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION) == 1;
  return is_set ? std::move(session) : SessionPointer();
}

void set_key_suite(SSL_CTX* context) {
  if (SSL_CTX_set_ciphersuites(context, kKeySuite) != 1) throw std::bad_alloc();
}

struct FileRow {
  Choice choice;
  std::string TlsFiles::*member;
};

constexpr FileRow kFileRows[] = {
    {{.name = "cert", .form = "cert=FILE", .summary = "tls: the certificate of this end (PEM)"},
     &TlsFiles::certificate},
    {{.name = "key", .form = "key=FILE", .summary = "tls: its private key (PEM)"},
     &TlsFiles::private_key},
    {{.name = "ca",
      .form = "ca=FILE",
      .summary = "tls: the roots that the other end's certificate must lead to (PEM)"},
     &TlsFiles::roots},
    {{.name = "server",
      .form = "server=ID",
      .summary = "tls clients: which server the key is for, if one name is known to two"},
     &TlsFiles::server},
};

constexpr auto kFileChoices = choices_of(kFileRows);

/// Returns a key that no caller has.
Psk dummy_key() {
  Psk dummy{{}, Secret(std::size_t{32}), {}};
  const MutableBytes bytes = dummy.key.fill();
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return dummy;
}

/// Fails the handshake for a reason that is not the peer's.
int fail_inside() {
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  return 0;
}

/// An unknown identity takes the same way as a known one with a wrong key: it gets a key that no
/// caller has, and the handshake fails for it in the same place. So does one that is too long.
int find_key(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) try {
  *session = nullptr;
  const std::string_view wanted(reinterpret_cast<const char*>(identity), size);
  std::optional<Psk> found;
  if (size <= kIdentityMax) found = TlsKeys::of(ssl).accepted(wanted);
  const bool is_known = found.has_value();
  if (!is_known) found = dummy_key();
  SessionPointer made = session_of(ssl, found->key.bytes());
  if (!made) return fail_inside();
  if (is_known) TlsLayer::of(ssl)->set_key_name(std::move(found->name));
  *session = made.release();
  return 1;
} catch (...) {
  return fail_inside();
}

/// Offers the key. Its hash fits: the client offers only suites that have it.
int use_key(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* size,
            SSL_SESSION** session) try {
  *session = nullptr;
  *identity = nullptr;
  *size = 0;
  const Psk& own = *TlsKeys::of(ssl).own;
  SessionPointer made = session_of(ssl, own.key.bytes());
  if (!made) return fail_inside();
  *identity = reinterpret_cast<const unsigned char*>(own.identity.data());
  *size = own.identity.size();
  TlsLayer::of(ssl)->set_key_name(own.name);
  *session = made.release();
  return 1;
} catch (...) {
  return fail_inside();
}

/// Returns whether OpenSSL has found nothing of the wanted kind in a file.
bool has_found_none(unsigned long code) {
  const int part = ERR_GET_LIB(code);
  return part == ERR_LIB_OSSL_DECODER ||
         (part == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE);
}

/// Returns whether a private key and a certificate were found that do not belong together.
bool is_of_other_key(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  return ERR_GET_LIB(code) == ERR_LIB_X509 &&
         (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH);
}

/// Returns why OpenSSL cannot use the PEM file `path`. `what` must be in it.
Error pem_error(const std::string& what, const std::string& path) {
  const net::TlsReason reason = net::TlsReason::take();
  if (reason.fault == net::TlsReason::Fault::memory) return system_error(ENOMEM, kUseTls, path);
  const std::string refused = "the " + what + " cannot be used: ";
  if (ERR_GET_LIB(reason.code) == ERR_LIB_SYS) {
    const int number = ERR_GET_REASON(reason.code);
    Error error = file_error(number, kUseTls, path);
    error.detail = refused + std::strerror(number);
    if (error.kind != ErrorKind::resource_exhausted) error.kind = ErrorKind::invalid_argument;
    return error;
  }
  std::string detail = "the file has none that can be read";
  if (!has_found_none(reason.code)) detail = reason.text();
  return make_error(ErrorKind::invalid_argument, kUseTls, path, refused + detail,
                    is_of_other_key(reason.code)
                        ? "does the key belong to the certificate in cert=?"
                        : "the file must be in the PEM form, and have the " + what + " in it");
}

Result<void> check_is_regular(const std::string& path) {
  if (!engine::is_special_file(path)) return {};
  return fail(make_error(ErrorKind::invalid_argument, kUseTls, path, "it is not a regular file",
                         "copy it into a file"));
}

Result<void> check_files(const TlsFiles& files) {
  for (const std::string* path : {&files.certificate, &files.private_key, &files.roots}) {
    if (auto checked = check_is_regular(*path); !checked) return checked;
  }
  return {};
}

Result<SslContextPointer> make_context(const TlsOptions& options, bool is_server) {
  if (auto checked = check_files(options.files); !checked) return fail(checked.error());
  ERR_clear_error();
  SslContextPointer context(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
  SSL_CTX_set_num_tickets(raw, 0);
  SSL_CTX_set_max_early_data(raw, 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(raw, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  // A longer chain of certificates is refused before there is memory for it.
  SSL_CTX_set_max_cert_list(raw, kCertificatesMax);
  // An idle stream holds no buffers.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  if (!options.files.certificate.empty()) {
    if (SSL_CTX_use_certificate_chain_file(raw, options.files.certificate.c_str()) != 1) {
      return fail(pem_error("certificate", options.files.certificate));
    }
    const std::string& key =
        options.files.private_key.empty() ? options.files.certificate : options.files.private_key;
    if (SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1) {
      return fail(pem_error("private key", key));
    }
  }
  if (!options.files.roots.empty()) {
    if (SSL_CTX_load_verify_locations(raw, options.files.roots.c_str(), nullptr) != 1) {
      return fail(pem_error("roots", options.files.roots));
    }
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace

struct Tls::State {
  SslContextPointer context;
  TlsLayer::Trust trust = TlsLayer::Trust::key;
  bool is_server = false;
  TlsKeys keys;
  std::string host;  ///< A client's: whose certificate the server must have.
};

Result<TlsFiles> TlsFiles::take_from(OptionTaker& taker, TlsFiles files) {
  for (const FileRow& row : kFileRows) {
    auto taken = taker.take(row.choice.name);
    if (!taken) return fail(std::move(taken.error()));
    if (*taken && (*taken)->empty()) {
      return fail(taker.refuse("the option '" + std::string(row.choice.name) + "' is empty",
                               "its form is " + std::string(row.choice.form)));
    }
    if (*taken) files.*row.member = std::move(**taken);
  }
  return files;
}

std::span<const Choice> tls_option_names() { return kFileChoices; }

Result<Tls> Tls::server(const TlsOptions& options) {
  const bool has_certificate = !options.files.certificate.empty();
  if (!has_certificate && !options.files.private_key.empty()) {
    return fail(make_error(ErrorKind::invalid_argument, kUseTls, options.files.private_key,
                           "there is a private key without a certificate",
                           "give cert= too, or leave key= out to trust keys of callers"));
  }
  if (!has_certificate && !options.accepted) {
    return fail(make_error(ErrorKind::invalid_argument, kSetUpTls, {},
                           "a server needs keys of callers, or a certificate",
                           "make a key with 'hotline key new NAME', or give cert= and key="));
  }
  if (!has_certificate && !options.files.roots.empty()) {
    return fail(make_error(ErrorKind::invalid_argument, kSetUpTls, {},
                           "callers with certificates need a server with one",
                           "give cert= and key= too, or leave ca= out to trust keys"));
  }
  auto context = make_context(options, true);
  if (!context) return fail(std::move(context.error()));
  auto state = std::make_shared<State>();
  state->context = std::move(*context);
  state->is_server = true;
  if (has_certificate) {
    state->trust = TlsLayer::Trust::certificate;
  } else {
    state->keys.accepted = options.accepted;
    set_key_suite(state->context.get());
    SSL_CTX_set_psk_find_session_callback(state->context.get(), find_key);
  }
  SSL_CTX_set_app_data(state->context.get(), &state->keys);
  return Tls(std::move(state));
}

Result<Tls> Tls::client(const TlsOptions& options, std::string_view name, std::string_view host) {
  auto context = make_context(options, false);
  if (!context) return fail(std::move(context.error()));
  auto state = std::make_shared<State>();
  state->context = std::move(*context);
  state->host = host;
  if (!options.files.roots.empty()) {
    state->trust = TlsLayer::Trust::certificate;
  } else {
    if (!options.credential) {
      return fail(make_error(ErrorKind::invalid_argument, kSetUpTls, {},
                             "a client needs a key, or the roots of the server's certificate",
                             "add a key with 'hotline key add', or give ca="));
    }
    auto key = options.credential(name, options.files.server);
    if (!key) return fail(std::move(key.error()));
    state->keys.own = std::move(*key);
    set_key_suite(state->context.get());
    SSL_CTX_set_psk_use_session_callback(state->context.get(), use_key);
  }
  SSL_CTX_set_app_data(state->context.get(), &state->keys);
  return Tls(std::move(state));
}

std::unique_ptr<StreamLayer> Tls::make_layer() const {
  SslPointer ssl(SSL_new(state_->context.get()));
  if (!ssl) throw std::bad_alloc();
  if (state_->is_server) {
    SSL_set_accept_state(ssl.get());
  } else {
    SSL_set_connect_state(ssl.get());
  }
  if (!state_->is_server && state_->trust == TlsLayer::Trust::certificate) {
    const bool is_address = net::is_numeric_host(state_->host);
    const int is_set =
        is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), state_->host.c_str())
                   : SSL_set1_host(ssl.get(), state_->host.c_str());
    if (is_set != 1) throw std::bad_alloc();
    if (!is_address) SSL_set_tlsext_host_name(ssl.get(), state_->host.c_str());
  }
  return std::make_unique<TlsLayer>(std::move(ssl), state_->trust, state_);
}

}  // namespace hotline

#include "context.h"

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace trust {
namespace {

constexpr const char* kSuite = "TLS_AES_128_GCM_SHA256";
constexpr std::uint8_t kSuiteId[] = {0x13, 0x01};

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot set up TLS: ") + what);
}

struct Psk {
  std::string_view identity;
  std::vector<std::uint8_t> key;
};

Psk parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  require(colon != text.npos && (text.size() - colon) % 2 == 1, "--psk is not IDENTITY:HEX");
  Psk psk{text.substr(0, colon), {}};
  for (std::size_t i = colon + 1; i < text.size(); i += 2) {
    psk.key.push_back(
        static_cast<std::uint8_t>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return psk;
}

SSL_SESSION* session_of(SSL* ssl, const std::vector<std::uint8_t>& key) {
  SSL_SESSION* session = SSL_SESSION_new();
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, kSuiteId);
  require(session != nullptr && cipher != nullptr &&
              SSL_SESSION_set1_master_key(session, key.data(), key.size()) == 1 &&
              SSL_SESSION_set_cipher(session, cipher) == 1 &&
              SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1,
          "the key");
  return session;
}

const Material& material_of(SSL* ssl) {
  return *static_cast<const Material*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

int use_key(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* size,
            SSL_SESSION** session) {
  const Psk psk = parse(material_of(ssl).psk);
  *identity = reinterpret_cast<const unsigned char*>(psk.identity.data());
  *size = psk.identity.size();
  *session = session_of(ssl, psk.key);
  return 1;
}

int find_key(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) {
  const Psk psk = parse(material_of(ssl).psk);
  if (psk.identity == std::string_view(reinterpret_cast<const char*>(identity), size)) {
    *session = session_of(ssl, psk.key);
  }
  return 1;
}

Context make(const Material& material, const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method));
  require(context != nullptr, "the context");
  SSL_CTX* raw = context.get();
  require(SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION) == 1, "the version");
  require(SSL_CTX_set_ciphersuites(raw, kSuite) == 1, "the suite");
  SSL_CTX_set_app_data(raw, const_cast<Material*>(&material));
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  if (!material.psk.empty()) return context;
  require(SSL_CTX_use_certificate_chain_file(raw, material.certificate.c_str()) == 1,
          "--certificate");
  require(SSL_CTX_use_PrivateKey_file(raw, material.key.c_str(), SSL_FILETYPE_PEM) == 1, "--key");
  require(SSL_CTX_load_verify_locations(raw, material.ca.c_str(), nullptr) == 1, "--ca");
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

}  // namespace

std::string* Material::place_of(const std::string& option) {
  if (option == "--psk") return &psk;
  if (option == "--ca") return &ca;
  if (option == "--certificate") return &certificate;
  if (option == "--key") return &key;
  return nullptr;
}

Context client_context(const Material& material) {
  Context context = make(material, TLS_client_method());
  if (!material.psk.empty()) SSL_CTX_set_psk_use_session_callback(context.get(), use_key);
  return context;
}

Context server_context(const Material& material) {
  Context context = make(material, TLS_server_method());
  require(SSL_CTX_set_num_tickets(context.get(), 0) == 1, "no tickets");
  if (!material.psk.empty()) SSL_CTX_set_psk_find_session_callback(context.get(), find_key);
  return context;
}

}  // namespace trust

#include "services/ntp_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/core/rows.h"

namespace hotline::services {
namespace {

struct MacRow {
  NtpMacKind kind;
  Choice choice;
  std::string_view other_names[5];  ///< As ntpd and older versions have them.
  const char* algorithm;            ///< OpenSSL's name of the hash function or cipher.
  std::size_t digest_bytes;
};

constexpr MacRow kMacs[] = {
    {NtpMacKind::md5, {"MD5", "MD5", "the MD5 digest of the key and the packet"}, {"M"}, "MD5", 16},
    {NtpMacKind::sha1,
     {"SHA1", "SHA1", "the SHA-1 digest of the key and the packet"},
     {"SHA", "SHA-1"},
     "SHA1",
     20},
    {NtpMacKind::aes_cmac,
     {"AES128", "AES128", "the AES-128-CMAC of the packet"},
     {"AES", "AES-128", "AES-128-CMAC", "AES128CMAC", "AES-CMAC"},
     "AES-128-CBC",
     16},
};
static_assert(is_in_order(kMacs, &MacRow::kind), "a MAC is found by its number");

constexpr auto kMacChoices = choices_of(kMacs);

const MacRow& row_of(NtpMacKind kind) { return kMacs[static_cast<std::size_t>(kind)]; }

bool equal_without_case(std::string_view left, std::string_view right) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::ranges::equal(left, right, {}, upper, upper);
}

const unsigned char* data_of(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* data_of(MutableBytes bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

template <auto kFree>
struct Freer {
  template <typename Object>
  void operator()(Object* object) const {
    kFree(object);
  }
};

/// A hash function of OpenSSL, looked up once.
class HashContext {
 public:
  explicit HashContext(const char* algorithm)
      : hash_(::EVP_MD_fetch(nullptr, algorithm, nullptr)), context_(::EVP_MD_CTX_new()) {}

  bool digest(Bytes secret, Bytes message, MutableBytes out) {
    return hash_ && context_ && ::EVP_DigestInit_ex2(context_.get(), hash_.get(), nullptr) == 1 &&
           ::EVP_DigestUpdate(context_.get(), secret.data(), secret.size()) == 1 &&
           ::EVP_DigestUpdate(context_.get(), message.data(), message.size()) == 1 &&
           ::EVP_DigestFinal_ex(context_.get(), data_of(out), nullptr) == 1;
  }

 private:
  std::unique_ptr<EVP_MD, Freer<::EVP_MD_free>> hash_;
  std::unique_ptr<EVP_MD_CTX, Freer<::EVP_MD_CTX_free>> context_;
};

/// AES-CMAC of OpenSSL, looked up once.
class CmacContext {
 public:
  explicit CmacContext(const char* cipher) {
    const std::unique_ptr<EVP_MAC, Freer<::EVP_MAC_free>> cmac(
        ::EVP_MAC_fetch(nullptr, "CMAC", nullptr));
    context_.reset(cmac ? ::EVP_MAC_CTX_new(cmac.get()) : nullptr);
    std::string name = cipher;
    const OSSL_PARAM parameters[] = {
        ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name.data(), name.size()),
        ::OSSL_PARAM_construct_end()};
    if (context_ && ::EVP_MAC_CTX_set_params(context_.get(), parameters) != 1) context_.reset();
  }

  bool digest(Bytes secret, Bytes message, MutableBytes out) {
    std::size_t written = 0;
    return context_ &&
           ::EVP_MAC_init(context_.get(), data_of(secret), secret.size(), nullptr) == 1 &&
           ::EVP_MAC_update(context_.get(), data_of(message), message.size()) == 1 &&
           ::EVP_MAC_final(context_.get(), data_of(out), &written, out.size()) == 1 &&
           written == out.size();
  }

 private:
  std::unique_ptr<EVP_MAC_CTX, Freer<::EVP_MAC_CTX_free>> context_;
};

/// What computes the digests of one thread: looking up an algorithm takes longer than using it.
struct Contexts {
  HashContext md5{row_of(NtpMacKind::md5).algorithm};
  HashContext sha1{row_of(NtpMacKind::sha1).algorithm};
  CmacContext cmac{row_of(NtpMacKind::aes_cmac).algorithm};
};

bool digest(const NtpKey& key, Bytes message, MutableBytes out) {
  thread_local Contexts contexts;
  const Bytes secret = key.secret.bytes();
  switch (key.kind) {
    case NtpMacKind::md5: return contexts.md5.digest(secret, message, out);
    case NtpMacKind::sha1: return contexts.sha1.digest(secret, message, out);
    case NtpMacKind::aes_cmac: return contexts.cmac.digest(secret, message, out);
  }
  std::unreachable();
}

}  // namespace

std::span<const Choice> ntp_mac_kinds() { return kMacChoices; }

std::optional<NtpMacKind> parse_ntp_mac_kind(std::string_view name) {
  for (const MacRow& each : kMacs) {
    if (equal_without_case(name, each.choice.name)) return each.kind;
    for (const std::string_view other : each.other_names) {
      if (!other.empty() && equal_without_case(name, other)) return each.kind;
    }
  }
  return std::nullopt;
}

std::size_t NtpKey::mac_bytes() const { return NtpMac::kKeyIdBytes + row_of(kind).digest_bytes; }

Result<Bytes> NtpKey::seal(Bytes message, MutableBytes out) const {
  assert(!secret.empty() && "an empty key protects nothing");
  const MutableBytes mac = out.first(mac_bytes());
  encode_ntp_key_id(id, mac.first<NtpMac::kKeyIdBytes>());
  if (digest(*this, message, mac.subspan(NtpMac::kKeyIdBytes))) return mac;
  return fail(make_error(ErrorKind::unsupported, "compute", "a MAC",
                         "OpenSSL has no " + std::string(row_of(kind).algorithm) + " here",
                         "its configuration may forbid it: use a key of another type"));
}

bool NtpKey::verify(const NtpDatagram& datagram) const {
  if (!datagram.mac || datagram.mac->key_id != id) return false;
  std::array<std::byte, kMacBytesMax> expected;
  const auto mac = seal(datagram.authenticated, expected);
  return mac && equal_in_constant_time(mac->subspan(NtpMac::kKeyIdBytes), datagram.mac->digest);
}

}  // namespace hotline::services

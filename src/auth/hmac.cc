#include "auth/hmac.h"

#include <openssl/evp.h>

#include <iterator>
#include <string>

#include "core/check.h"
#include "hotline/core/rows.h"

namespace hotline::auth {
namespace {

struct DigestRow {
  Digest kind;
  const char* name;
  std::size_t tag_bytes;
};

constexpr DigestRow kDigests[] = {
    {Digest::md5, "md5", 16},
    {Digest::sha256, "sha256", 32},
    {Digest::sha384, "sha384", 48},
};
static_assert(is_in_order(kDigests, &DigestRow::kind), "a digest is found by its number");

const DigestRow& row_of(Digest digest) { return kDigests[static_cast<std::size_t>(digest)]; }

const unsigned char* data_of(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::size_t tag_bytes(Digest digest) { return row_of(digest).tag_bytes; }

std::string_view name_of(Digest digest) { return row_of(digest).name; }

Result<Tag> hmac(Digest digest, const Secret& secret, Bytes message) {
  check_use(!secret.empty(), "an empty secret protects nothing");
  const DigestRow& row = row_of(digest);
  Tag tag(row.tag_bytes);
  const MutableBytes out = tag.fill();
  const bool is_made =
      ::EVP_Q_mac(nullptr, "HMAC", nullptr, row.name, nullptr, secret.bytes().data(), secret.size(),
                  data_of(message), message.size(), reinterpret_cast<unsigned char*>(out.data()),
                  out.size(), nullptr) != nullptr;
  if (is_made) return tag;
  return fail(make_error(ErrorKind::unsupported, "compute", "an HMAC",
                         "OpenSSL has no " + std::string(row.name) + " here",
                         "its configuration may forbid it: use another auth="));
}

}  // namespace hotline::auth

#include "services/content_digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>

namespace hotline::services {
namespace {

constexpr std::array<std::byte, 16'384> kDigestZeros{};

/// Returns null for `none`.
const char* algorithm_of(FileDigestKind kind) {
  switch (kind) {
    case FileDigestKind::sha256: return "SHA256";
    case FileDigestKind::md5: return "MD5";
    case FileDigestKind::none: break;
  }
  return nullptr;
}

using DigestMethod = std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)>;

/// Returns null if OpenSSL does not have it.
DigestMethod fetch_method(const char* algorithm) {
  return {EVP_MD_fetch(nullptr, algorithm, nullptr), &EVP_MD_free};
}

}  // namespace

struct ContentDigest::State {
  explicit State(const char* algorithm) : context(EVP_MD_CTX_new()) {
    const DigestMethod method = fetch_method(algorithm);
    const bool has_begun = context != nullptr && method != nullptr &&
                           EVP_DigestInit_ex2(context, method.get(), nullptr) == 1;
    if (has_begun) return;
    EVP_MD_CTX_free(context);
    throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }

  EVP_MD_CTX* context;
};

bool ContentDigest::is_available(FileDigestKind kind) {
  const char* algorithm = algorithm_of(kind);
  return algorithm == nullptr || fetch_method(algorithm) != nullptr;
}

ContentDigest::ContentDigest(FileDigestKind kind) : kind_(kind) {
  if (const char* algorithm = algorithm_of(kind)) state_ = std::make_unique<State>(algorithm);
}

ContentDigest::ContentDigest(ContentDigest&&) noexcept = default;
ContentDigest& ContentDigest::operator=(ContentDigest&&) noexcept = default;
ContentDigest::~ContentDigest() = default;

void ContentDigest::add(Bytes bytes) {
  if (state_) EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

void ContentDigest::add_zeros(std::uint64_t count) {
  while (state_ && count > 0) {
    const auto piece = std::min<std::uint64_t>(count, kDigestZeros.size());
    add(Bytes(kDigestZeros).first(static_cast<std::size_t>(piece)));
    count -= piece;
  }
}

FileDigest ContentDigest::finish() {
  FileDigest digest{.kind = kind_};
  if (!state_) return digest;
  EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(digest.bytes.data()),
                     nullptr);
  return digest;
}

}  // namespace hotline::services

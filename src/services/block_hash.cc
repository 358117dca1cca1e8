#include "services/block_hash.h"

#include <cstring>

// For XXH3_state_t as a member.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace hotline::services {
namespace {

BlockHash canonical(XXH128_hash_t hash) {
  XXH128_canonical_t form;
  XXH128_canonicalFromHash(&form, hash);
  BlockHash result;
  static_assert(sizeof form.digest == BlockHash::kBytes);
  std::memcpy(result.bytes.data(), form.digest, BlockHash::kBytes);
  return result;
}

}  // namespace

BlockHash hash_of(Bytes bytes) { return canonical(XXH3_128bits(bytes.data(), bytes.size())); }

struct BlockHasher::State {
  State() { XXH3_128bits_reset(&xxh3); }

  XXH3_state_t xxh3;
};

BlockHasher::BlockHasher() : state_(std::make_unique<State>()) {}
BlockHasher::BlockHasher(BlockHasher&&) noexcept = default;
BlockHasher& BlockHasher::operator=(BlockHasher&&) noexcept = default;
BlockHasher::~BlockHasher() = default;

void BlockHasher::add(Bytes bytes) {
  XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

BlockHash BlockHasher::value() const { return canonical(XXH3_128bits_digest(&state_->xxh3)); }

void BlockHasher::reset() { XXH3_128bits_reset(&state_->xxh3); }

}  // namespace hotline::services

#include "services/output_digest.h"

// For XXH3_state_t as a member.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace hotline::services {

struct OutputDigest::State {
  State() { XXH3_64bits_reset(&xxh3); }

  XXH3_state_t xxh3;
};

OutputDigest::OutputDigest() : state_(std::make_unique<State>()) {}

OutputDigest::OutputDigest(const OutputDigest& other)
    : state_(std::make_unique<State>(*other.state_)), size_(other.size_) {}

OutputDigest& OutputDigest::operator=(const OutputDigest& other) {
  *state_ = *other.state_;
  size_ = other.size_;
  return *this;
}

OutputDigest::OutputDigest(OutputDigest&&) noexcept = default;
OutputDigest& OutputDigest::operator=(OutputDigest&&) noexcept = default;
OutputDigest::~OutputDigest() = default;

void OutputDigest::add(Bytes bytes) {
  XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
  size_ += bytes.size();
}

std::uint64_t OutputDigest::value() const { return XXH3_64bits_digest(&state_->xxh3); }

}  // namespace hotline::services

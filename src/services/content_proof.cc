#include "services/content_proof.h"

#include <algorithm>
#include <span>
#include <utility>

namespace hotline::services {

ContentProof::ContentProof(Terms terms) : terms_(std::move(terms)) {}

std::expected<ContentEvent, ContentFault> ContentProof::take(Bytes& input) {
  if (failure_) return std::unexpected(*failure_);
  if (input.empty()) return ContentEvent();
  if (state_ != State::open) return refute("content came after END");
  const std::size_t before = input.size();
  auto event = reader_.take(input);
  taken_ += before - input.size();
  if (!event) return refute(event.error());
  const auto added = std::visit([this](const auto& each) { return add(each); }, *event);
  if (!added) return std::unexpected(added.error());
  return *std::move(event);
}

/// Notes where the content begins.
std::expected<void, ContentFault> ContentProof::begin(std::uint64_t offset) {
  if (hashes_) return {};
  const bool is_allowed = offset >= terms_.begin_min && offset <= terms_.begin_max;
  if (!is_allowed || offset % kFileBlockBytes != 0) {
    return refute("the content begins where it may not");
  }
  const auto blocks = static_cast<std::size_t>(offset / kFileBlockBytes);
  knows_before_ = blocks <= terms_.before.size();
  hashes_ = knows_before_ ? BlockHashes(std::span(std::as_const(terms_.before)).first(blocks))
                          : BlockHashes::from_block(blocks);
  confirmed_ = offset;
  return {};
}

std::expected<void, ContentFault> ContentProof::advance(std::uint64_t offset,
                                                        std::uint64_t length) {
  if (const auto begun = begin(offset); !begun) return begun;
  if (root_) return refute("content came after its last block");
  if (offset > hashes_->size()) return refute("the content has a gap");
  if (offset < hashes_->size()) return refute("the content overlaps");
  const std::uint64_t stop = std::min({terms_.stop, terms_.size, kFileSizeMax});
  if (offset > stop || length > stop - offset) return refute("the content goes beyond its size");
  return {};
}

std::expected<void, ContentFault> ContentProof::check_unconfirmed() {
  if (hashes_->ready().size() > kBlockHashesMax) return refute("too many blocks have no hash");
  return {};
}

std::expected<void, ContentFault> ContentProof::add(const ContentData& data) {
  if (const auto advanced = advance(data.offset, data.length()); !advanced) return advanced;
  hashes_->add(data.bytes);
  return check_unconfirmed();
}

std::expected<void, ContentFault> ContentProof::add(const ContentHole& hole) {
  if (const auto advanced = advance(hole.offset, hole.length); !advanced) return advanced;
  hashes_->add_zeros(hole.length);
  return check_unconfirmed();
}

std::expected<void, ContentFault> ContentProof::add(const BlockList& blocks) {
  if (!hashes_ || root_ || blocks.hashes.empty()) return refute("a hash came without its block");
  if (blocks.first != hashes_->first_ready()) return refute("a hash is out of order");
  // One more than there are whole blocks is that of the last one, which is a part.
  if (blocks.hashes.size() == hashes_->ready().size() + 1 && hashes_->is_within_block()) {
    root_ = hashes_->finish();
  }
  const std::span<const BlockHash> own = hashes_->ready();
  if (blocks.hashes.size() > own.size()) return refute("a hash came without its block");
  for (std::size_t i = 0; i < blocks.hashes.size(); ++i) {
    if (blocks.hashes[i] != own[i]) {
      return refute_content("block " + std::to_string(blocks.first + i) + " is not what was sent");
    }
    confirmed_ = std::min((blocks.first + i + 1) * kFileBlockBytes, hashes_->size());
  }
  hashes_->drop_ready(blocks.hashes.size());
  return {};
}

std::expected<void, ContentFault> ContentProof::add(const ContentEnd& end) {
  const bool is_fixed = terms_.begin_min == terms_.begin_max;
  if (const auto begun = begin(is_fixed ? terms_.begin_min : end.size); !begun) return begun;
  if (!root_ && hashes_->is_within_block()) return refute("the last block has no hash");
  if (!hashes_->ready().empty()) return refute("a block has no hash");
  if (!root_) root_ = hashes_->finish();
  if (terms_.wants_root && !end.root) return refute("END has no root");
  if (end.digest.kind != terms_.digest) return refute("END has not the digest that was asked for");
  const bool has_size = terms_.size == kFileSizeUnknown || end.size == terms_.size;
  const std::uint64_t stop = terms_.stop == kFileSizeUnknown ? end.size : terms_.stop;
  if (!has_size || hashes_->size() != stop) return refute_content("the size is not what was sent");
  if (can_check_root(end) && *end.root != *root_) {
    return refute_content("the root is not that of what was sent");
  }
  digest_ = end.digest;
  state_ = State::ended;
  return {};
}

bool ContentProof::can_check_root(const ContentEnd& end) const {
  return end.root && knows_before_ && hashes_->size() == end.size;
}

std::expected<void, ContentFault> ContentProof::take_flow_end(std::uint64_t total, Bytes trailer) {
  if (failure_) return std::unexpected(*failure_);
  if (reader_.is_within_record()) return refute("a record is cut off");
  if (state_ != State::ended) return refute("the content ended without END");
  if (total != taken_ || !trailer.empty()) return refute("the flow has a wrong end");
  state_ = digest_.kind == FileDigestKind::none ? State::proven : State::digest_wanted;
  return {};
}

std::expected<void, ContentFault> ContentProof::take_digest(const FileDigest& digest) {
  if (failure_) return std::unexpected(*failure_);
  if (state_ != State::digest_wanted) return refute("a digest came that was not wanted");
  if (digest != digest_) return refute_content("the digest is not that of what was sent");
  state_ = State::proven;
  return {};
}

std::unexpected<ContentFault> ContentProof::refute(FileFault fault) {
  state_ = State::refuted;
  failure_ = ContentFault{.fault = std::move(fault)};
  return std::unexpected(*failure_);
}

std::unexpected<ContentFault> ContentProof::refute(std::string_view text) {
  return refute(FileFault{.text = std::string(text)});
}

std::unexpected<ContentFault> ContentProof::refute_content(std::string_view text) {
  state_ = State::refuted;
  failure_ = ContentFault{.fault = {.text = std::string(text)}, .error = FileErrorCode::integrity};
  return std::unexpected(*failure_);
}

}  // namespace hotline::services

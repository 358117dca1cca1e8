#include "services/file_client_rules.h"

#include <utility>

#include "services/file_reply.h"

namespace hotline::services {
namespace {

FileFault against_file_rules(std::string_view text) { return {.text = std::string(text)}; }

}  // namespace

FileClientRules::FileClientRules(const FileRequest& request) {
  const auto* upload = std::get_if<PutFile>(&request);
  if (upload == nullptr) return;
  is_upload_ = true;
  size_ = upload->size;
  digest_ = upload->digest;
}

void FileClientRules::note_kept(std::vector<BlockHash> before) {
  kept_blocks_ = before.size();
  content_.emplace(ContentProof::Terms{.begin_max = kept_blocks_ * kFileBlockBytes,
                                       .stop = size_,
                                       .size = size_,
                                       .digest = digest_,
                                       .before = std::move(before)});
}

std::expected<std::optional<BlockRange>, FileFault> FileClientRules::take_message(
    std::uint8_t type, std::uint8_t flags, Bytes payload) {
  const auto range = decode_hashes(type, flags, payload);
  if (!range) return std::unexpected(range.error());
  if (const auto fault = fault_in_hashes(*range)) return std::unexpected(*fault);
  if (has_ended_) return std::nullopt;
  has_asked_ = true;
  return *range;
}

std::optional<FileFault> FileClientRules::fault_in_hashes(const BlockRange& range) const {
  if (!is_upload_) return against_file_rules("a message came on a stream that has none");
  // What crosses DONE or ERROR cannot know that KEPT will not come.
  if (has_ended_) return std::nullopt;
  if (!content_) return against_file_rules("HASHES came before KEPT");
  if (has_asked_) return against_file_rules("HASHES came before the answer to another one");
  if (has_content_) return against_file_rules("HASHES came after content");
  if (range.first + range.count > kept_blocks_) {
    return against_file_rules("HASHES asks for what is not kept");
  }
  return std::nullopt;
}

std::expected<ContentEvent, ContentFault> FileClientRules::take_content(Bytes& input) {
  if (has_ended_) {
    input = {};
    return ContentEvent();
  }
  if (!content_) return too_early();
  if (has_asked_) {
    return std::unexpected(
        ContentFault{against_file_rules("content came before the answer to HASHES")});
  }
  has_content_ = has_content_ || !input.empty();
  return content_->take(input);
}

std::expected<void, ContentFault> FileClientRules::take_content_end(std::uint64_t total,
                                                                    Bytes trailer) {
  if (has_ended_) return {};
  if (!content_) return too_early();
  return content_->take_flow_end(total, trailer);
}

std::expected<void, ContentFault> FileClientRules::take_digest(const FileDigest& digest) {
  if (!content_) return too_early();
  return content_->take_digest(digest);
}

bool FileClientRules::is_proven() const {
  return content_ && content_->state() == ContentProof::State::proven;
}

std::unexpected<ContentFault> FileClientRules::too_early() const {
  return std::unexpected(ContentFault{against_file_rules(
      is_upload_ ? "content came before KEPT" : "content came on a stream that has none")});
}

std::optional<ContentFault> fault_in_content(const PutSmallFile& request) {
  if (root_of(as_bytes(request.content)) == request.root) return std::nullopt;
  return ContentFault{against_file_rules("the root of FILE is not that of its content"),
                      FileErrorCode::integrity};
}

}  // namespace hotline::services

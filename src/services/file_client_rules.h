#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "hotline/core/bytes.h"
#include "services/block_list.h"
#include "services/content_proof.h"
#include "services/file_protocol.h"
#include "services/file_request.h"

namespace hotline::services {

/// What a client may send on a stream after its request, as the server receives it, by the rules of
/// docs/wire/files.md. The server passes it what arrives, and notes what it has sent. It answers a
/// ContentFault with an error by ERROR, and every other fault by RESET. No I/O. Move only.
class FileClientRules {
 public:
  explicit FileClientRules(const FileRequest& request);

  /// Notes that KEPT was sent: `before` are the hashes of all blocks before its offset. HASHES and
  /// content are allowed from then on. For PUT, once.
  void note_kept(std::vector<BlockHash> before);

  /// Notes that the last HASHES was answered.
  void note_hashes_answered() { has_asked_ = false; }

  /// Notes that DONE or ERROR was sent. What the client had sent before it arrived is dropped.
  void note_ended() { has_ended_ = true; }

  /// Takes a message. Returns nullopt for one that comes too late to have an effect.
  std::expected<std::optional<BlockRange>, FileFault> take_message(std::uint8_t type,
                                                                   std::uint8_t flags,
                                                                   Bytes payload);

  /// Takes bytes of the content flow: see ContentProof::take().
  std::expected<ContentEvent, ContentFault> take_content(Bytes& input);

  /// Takes the end of that flow.
  std::expected<void, ContentFault> take_content_end(std::uint64_t total, Bytes trailer);

  /// Takes the digest of the whole content: see ContentProof::take_digest().
  std::expected<void, ContentFault> take_digest(const FileDigest& digest);

  /// Returns true once an upload has arrived as it was sent. It must not be published before.
  bool is_proven() const;

  /// Returns where the next byte of an upload belongs, and how many bytes of it are known to be
  /// good.
  std::uint64_t position() const { return content_ ? content_->position() : 0; }
  std::uint64_t confirmed() const { return content_ ? content_->confirmed() : 0; }

 private:
  std::optional<FileFault> fault_in_hashes(const BlockRange& range) const;
  std::unexpected<ContentFault> too_early() const;

  bool is_upload_ = false;
  std::uint64_t size_ = kFileSizeUnknown;
  FileDigestKind digest_ = FileDigestKind::none;
  std::uint64_t kept_blocks_ = 0;
  bool has_asked_ = false;    ///< HASHES is not answered yet.
  bool has_content_ = false;  ///< Content has begun.
  bool has_ended_ = false;
  std::optional<ContentProof> content_{};  ///< From KEPT on.
};

/// Returns what is wrong with the content of a small file; nullopt if nothing is.
std::optional<ContentFault> fault_in_content(const PutSmallFile& request);

}  // namespace hotline::services

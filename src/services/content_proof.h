#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/services/file_error.h"
#include "services/block_hashes.h"
#include "services/content_reader.h"
#include "services/file_protocol.h"

namespace hotline::services {

/// Why content is not accepted.
struct ContentFault {
  FileFault fault{};
  /// `integrity` if the content is well formed, but not what was sent: a server answers with ERROR,
  /// not with RESET.
  std::optional<FileErrorCode> error{};

  bool operator==(const ContentFault&) const = default;
};

/// Decides if the content of a file that arrives on a flow may be believed, by the rules of
/// docs/wire/files.md: of GET at the client, of PUT at the server. The caller passes what arrives,
/// and stores what it returns:
///
///     while (...) {
///       auto event = proof.take(input);
///       if (!event) ...                            // confirmed() bytes of the file are good
///       if (ContentData) write it; if (ContentHole) leave a hole
///     }
///     proof.take_flow_end(total, trailer);
///     if (proof.state() == ContentProof::State::proven) ...
///
/// No I/O. It keeps no content, and at most kBlockHashesMax + 1 hashes. Move only. Throws
/// std::bad_alloc.
class ContentProof {
 public:
  enum class State : std::uint8_t {
    open,           ///< More is to come.
    ended,          ///< END has arrived; the end of the flow has not.
    digest_wanted,  ///< All has arrived. The caller passes the digest of the content.
    proven,         ///< All has arrived as it was sent.
    refuted,        ///< It is not what was sent. Final.
  };

  /// What is known before content arrives.
  struct Terms {
    std::uint64_t begin_min = 0;            ///< Content begins here at the earliest, ...
    std::uint64_t begin_max = 0;            ///< ... and here at the latest. Blocks begin at both.
    std::uint64_t stop = kFileSizeUnknown;  ///< Where the content that is sent ends.
    std::uint64_t size = kFileSizeUnknown;  ///< That of the whole file.
    FileDigestKind digest = FileDigestKind::none;
    bool wants_root = true;  ///< END must have the root, which is checked.
    /// The hashes of all blocks before begin_max; empty if they are not known.
    std::vector<BlockHash> before{};
  };

  explicit ContentProof(Terms terms);

  /// Removes bytes from the front of `input`, and returns the next event; monostate when `input` is
  /// empty. Hashes that it returns are those of the blocks that have arrived. Fails from the first
  /// thing on that is wrong.
  std::expected<ContentEvent, ContentFault> take(Bytes& input);

  /// Takes the end of the flow.
  std::expected<void, ContentFault> take_flow_end(std::uint64_t total, Bytes trailer);

  /// Takes the digest of the whole content, as the caller has it, in the state `digest_wanted`.
  std::expected<void, ContentFault> take_digest(const FileDigest& digest);

  State state() const { return state_; }

  /// Returns where the next byte of the file belongs.
  std::uint64_t position() const { return hashes_ ? hashes_->size() : terms_.begin_max; }

  /// Returns how many bytes of the file are known to be good: those of blocks whose hashes were
  /// right.
  std::uint64_t confirmed() const { return confirmed_; }

 private:
  std::expected<void, ContentFault> add(const ContentData& data);
  std::expected<void, ContentFault> add(const ContentHole& hole);
  std::expected<void, ContentFault> add(const BlockList& blocks);
  std::expected<void, ContentFault> add(const ContentEnd& end);
  std::expected<void, ContentFault> add(std::monostate) { return {}; }
  std::expected<void, ContentFault> begin(std::uint64_t offset);
  std::expected<void, ContentFault> check_unconfirmed();
  bool can_check_root(const ContentEnd& end) const;
  std::expected<void, ContentFault> advance(std::uint64_t offset, std::uint64_t length);
  std::unexpected<ContentFault> refute(FileFault fault);
  std::unexpected<ContentFault> refute(std::string_view text);
  std::unexpected<ContentFault> refute_content(std::string_view text);

  Terms terms_;
  State state_ = State::open;
  ContentReader reader_{};
  std::optional<BlockHashes> hashes_{};  ///< From the first record on.
  std::optional<BlockHash> root_{};      ///< From the hash of the last block on.
  bool knows_before_ = false;            ///< The hashes of all blocks before the first one.
  std::uint64_t confirmed_ = 0;
  std::uint64_t taken_ = 0;  ///< Bytes of the flow.
  FileDigest digest_{};
  std::optional<ContentFault> failure_{};
};

}  // namespace hotline::services

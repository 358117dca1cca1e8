#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/error.h"
#include "hotline/core/result.h"
#include "hotline/services/file_error.h"
#include "hotline/session/session_event.h"
#include "services/content_proof.h"
#include "services/file_reply.h"
#include "services/file_request.h"

namespace hotline::services {

/// Decides if what a server says to a request may be believed, by the rules of docs/wire/files.md.
/// A client passes it everything that arrives on the stream after ACCEPT, and uses what it returns:
///
///     FileProof proof(request, {.endpoint = endpoint});
///     while (proof.state() == FileProof::State::open) {
///       ... auto reply = proof.take_message(type, flags, payload) ...
///       ... auto event = proof.take_content(input) ...
///     }
///     Result<void> done = proof.result();
///
/// What take_content() returns is not to be given to a user before `proven`. No I/O. Move only.
/// Throws std::bad_alloc.
class FileProof {
 public:
  enum class State : std::uint8_t {
    open,           ///< More is to come.
    digest_wanted,  ///< The content has arrived. The caller passes its digest.
    proven,         ///< It is done, or all has arrived as it was sent.
    failed,         ///< The server has answered with ERROR: server_error().
    cut,            ///< The stream ended early. The request may have been carried out.
    refuted,        ///< The server violated the wire, or content was changed on the way. Final.
  };

  struct Terms {
    /// For GET: the hashes of all blocks before its offset, if they are known.
    std::vector<BlockHash> before{};
    std::string endpoint{};  ///< Errors name it.
  };

  FileProof(const FileRequest& request, Terms terms);

  /// Notes that HASHES was sent on the stream of PUT. Once the answer to the last one has arrived.
  void note_asked(const BlockRange& range) { asked_ = range; }

  /// Notes that END was sent on the stream of PUT. DONE is not believed before.
  void note_content_sent() { has_sent_content_ = true; }

  // Each fails from the first thing on that is wrong; result() fails with the same error then.

  /// Takes a message. Fails for ERROR too.
  Result<FileReply> take_message(std::uint8_t type, std::uint8_t flags, Bytes payload);

  /// Takes bytes of the content flow: see ContentProof::take().
  Result<ContentEvent> take_content(Bytes& input);

  /// Takes the end of that flow.
  Result<void> take_content_end(std::uint64_t total, Bytes trailer);

  /// Takes the digest of the whole content, in the state `digest_wanted`.
  Result<void> take_digest(const FileDigest& digest);

  /// Takes the end of messages.
  Result<void> take_stream_end();

  /// Takes RESET from the server.
  Result<void> take_reset(ResetCode code, std::string_view text);

  /// Takes the end of the connection or session. After the end of the reply it changes nothing.
  Result<void> take_cut(const std::optional<SessionFailure>& failure = std::nullopt);

  State state() const { return state_; }

  /// Returns nothing if the state is `proven`. Otherwise fails: with `truncated` while something is
  /// missing, as FileError::to_error() after ERROR, with `protocol_violation` if it is refuted.
  Result<void> result() const;

  /// Returns the ERROR of the server; nullopt if there was none.
  const std::optional<FileError>& server_error() const { return server_error_; }

  /// Returns up to where a GET can go on later: whole blocks that are known to be good.
  std::uint64_t confirmed() const { return content_ ? content_->confirmed() : 0; }

 private:
  /// What of the request decides what may come.
  struct Wanted {
    FileRequestKind kind{};
    ListDirectory list{};
    StatFile stat{};
    GetFile get{};
    BlockRange hashes{};
    std::uint64_t upload_size = 0;
    bool has_key = false;
  };

  static Wanted wanted_of(const FileRequest& request);
  std::string_view fault_in(const MetaReply& reply) const;
  std::string_view fault_in(const SmallFileReply& reply) const;
  std::string_view fault_in(const FilePage& reply) const;
  std::string_view fault_in(const KeptReply& reply) const;
  std::string_view fault_in(const BlockList& reply) const;
  std::string_view fault_in(const DoneReply& reply) const;
  std::string_view fault_in(const FileError& reply) const;
  std::string_view fault_in(const FileQuota& reply) const;
  std::string_view fault_in(const UploadList& reply) const;
  std::string_view fault_in_file(const FileMeta& meta) const;
  void advance(const MetaReply& reply);
  void advance(const SmallFileReply& reply);
  void advance(const FilePage& reply);
  void advance(const KeptReply& reply);
  void advance(const BlockList& reply);
  void advance(const DoneReply& reply);
  void advance(const FileError& reply);
  void advance(const FileQuota& reply);
  void advance(const UploadList& reply);
  std::unexpected<Error> take_late(std::string_view what);
  std::unexpected<Error> refute(std::string detail);
  std::unexpected<Error> cut(ErrorKind kind, std::string detail, std::string advice);
  Result<void> as_before() const;

  Wanted wanted_;
  Terms terms_;
  State state_ = State::open;
  bool has_begun_ = false;  ///< META, FILE or KEPT has arrived.
  bool has_sent_content_ = false;
  std::optional<BlockRange> asked_{};
  std::optional<FileDigest> small_file_{};  ///< FILE has arrived, with this digest.
  std::optional<ContentProof> content_{};
  std::optional<FileError> server_error_{};
  std::optional<Error> failure_{};
};

}  // namespace hotline::services

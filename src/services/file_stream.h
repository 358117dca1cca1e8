#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <variant>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/engine/semaphore.h"
#include "hotline/services/file_error.h"
#include "hotline/services/files.h"
#include "hotline/session/session_stream.h"
#include "services/content_record.h"
#include "services/file_client_rules.h"
#include "services/file_outcome.h"
#include "services/file_place.h"
#include "services/file_reply.h"
#include "services/file_request.h"

namespace hotline::services {

/// The stream of one request at the server: takes what the client sends, by the rules of
/// docs/wire/files.md, and answers. A client that violates them has its stream reset. One fiber.
class FileStream {
 public:
  /// Nothing has come for a while. It may still come.
  struct Silence {};

  /// The end of the content of an upload, all of which has arrived by the rules.
  struct ContentFlowEnd {};

  /// What a client sends for an upload, one after another. A view of bytes that are valid until the
  /// next one.
  using Arrival =
      std::variant<Silence, BlockRange, ContentData, ContentHole, BlockList, ContentFlowEnd>;

  /// Why nothing more arrives. Without an error nothing can be answered: the stream was reset by
  /// one end, or cut.
  struct Stop {
    std::optional<FileError> error{};
  };

  /// Content that arrives slower than so many bytes in each stall time counts as none.
  static constexpr std::size_t kProgressBytes = 4'096;

  /// `stall` is how long to wait for the client while it sends or takes nothing. `stream` and
  /// `counters` must outlive this object.
  FileStream(SessionStream& stream, const FileRequest& request, Duration stall,
             FilesCounters& counters);

  // These return false if the stream is over.

  bool accept();

  /// Waits for one of `places`, which it has until finish(), and accepts. A request that would have
  /// to wait while the server drains is answered with the error `draining`.
  bool accept(Semaphore& places);

  bool send(const FileReply& reply);

  /// Sends bytes of the content flow.
  bool send_content(Bytes bytes);

  /// Sends KEPT: HASHES and content are allowed from then on. `before` are the hashes of all blocks
  /// that are kept. The client may read these once more before it sends something.
  bool send_kept(std::vector<BlockHash> before);

  /// Sends the answer to HASHES.
  bool send_blocks(const BlockList& blocks);

  /// Returns what the client of PUT sends next, after waiting for it. Waits that end because the
  /// fiber is cancelled count as a cut.
  std::expected<Arrival, Stop> next();

  /// Takes the digest of the whole content, in the state after ContentFlowEnd.
  std::expected<void, Stop> take_digest(const FileDigest& digest);

  /// Returns true once an upload has arrived as it was sent.
  bool is_proven() const { return rules_.is_proven(); }

  /// Returns where the next byte of an upload belongs; its size, once all has arrived.
  std::uint64_t position() const { return rules_.position(); }

  /// Waits until the client has given the request up, or the session has ended.
  void wait_cut() { discard(stream_.wait_cut()); }

  /// Sends the last message, if there is one, and ends the stream; then waits for the client's end,
  /// for at most 30 s, and drops what it had sent before.
  void finish(const FileReply& last);
  void finish();

  /// The same with what was asked for, or with the error.
  template <typename Reply>
  void finish(const FileOutcome<Reply>& outcome) {
    outcome ? finish(FileReply(*outcome)) : finish(outcome.error());
  }
  void finish(const FileOutcome<FileVersion>& outcome) {
    outcome ? finish(DoneReply{*outcome}) : finish(outcome.error());
  }

  /// Ends the stream of a client that violates the wire.
  void refuse(const FileFault& fault);

 private:
  /// Nothing: there is no whole event yet.
  using MaybeArrival = std::expected<std::optional<Arrival>, Stop>;

  std::expected<std::optional<std::uint8_t>, Stop> wait();
  MaybeArrival take_message();
  MaybeArrival read_content();
  MaybeArrival take_content();
  Stop stop_of(const FileFault& fault);
  Stop stop_of(const ContentFault& fault);
  Stop stop_of(const Error& error) const;
  bool give_up(const Error& error);
  void note_progress(std::size_t bytes);
  void end_and_wait();
  bool drop_late(std::uint8_t flow, Deadline until);

  SessionStream& stream_;
  const FileRequestKind kind_;
  const Duration stall_;
  FilesCounters& counters_;
  std::optional<FilePlace> place_{};
  FileClientRules rules_;
  Duration patience_;         ///< How long to wait for the client's next bytes.
  std::size_t progress_ = 0;  ///< Bytes of content since patience_ was renewed.
  Bytes content_{};           ///< The bytes of the last read that were not taken yet.
};

}  // namespace hotline::services

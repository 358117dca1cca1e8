#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "hotline/services/file_account.h"
#include "hotline/services/file_content.h"
#include "hotline/services/file_entry.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_requests.h"
#include "hotline/services/upload_entry.h"
#include "hotline/session/session.h"

// Outside of what is exported.
namespace hotline::services {
class GroupedFileWork;
}  // namespace hotline::services

namespace hotline HOTLINE_PUBLIC {

/// The session of a FileClient: members of SessionOptions.
struct FileClientOptions {
  std::uint32_t requests_max = 1'024;  ///< Requests at once; further ones wait. The server has a
                                       ///< limit of its own.
  Duration hello_timeout = std::chrono::seconds(10);
  Duration heartbeat = std::chrono::seconds(15);
  Duration silence_max = std::chrono::seconds(45);
};

/// What a server says about a file, or about something else that has a name.
struct FileDescription {
  FileMeta meta{};
  std::optional<BlockHash>
      root{};           ///< Only a file has one: if the server knows it, or it was asked for.
  FileDigest digest{};  ///< The kind is that which was asked for.
};

/// The client of the service `files`, docs/wire/files.md: lists, reads and changes the home of its
/// user on another machine, many requests at once over one connection, and never takes a part of a
/// file for the whole.
///
///     auto client = FileClient::open(*connect("unix:///run/files.sock"));
///     auto stored = client->store({.path = *FilePath::parse("notes/today"), .content = "milk"});
///     if (!stored) print(stored.error().message_with_hint());
///
/// Any thread may call any function, and many at once: requests do not wait for each other. Only
/// open() and the destructor belong together: see Session. Works in simulated worlds. Move only.
class FileClient {
 public:
  /// Begins a session over `stream`. Does not wait for the server. Fails as Session::start().
  static Result<FileClient> open(Stream stream, const FileClientOptions& options = {});

  // The following wait for the server. They fail with FileFailure::answer if the server answers
  // with an error; with `truncated`, `reset` and others if the connection breaks, and a request
  // that changes something may then have been carried out; with `protocol_violation` for what the
  // server must not send; with `invalid_argument` for a request that cannot be sent; with
  // `timed_out`, `cancelled`, and `draining` after finish(). A request that fails so is given up at
  // the server.

  /// Returns what the user may do, and what is used.
  FileResult<FileQuota> quota(Deadline deadline = Deadline::never());

  /// Returns the same for the share that `path` leads to; for another path, that of the home.
  FileResult<FileQuota> quota(const FilePath& path, Deadline deadline = Deadline::never());

  /// Gets the entries of a page, and where a later list() would go on after it (0: not known). A
  /// failure ends the listing, which returns it.
  using PageSink =
      std::function<Result<void>(std::span<const FileEntry> entries, std::uint64_t cursor)>;

  /// Passes all entries of a directory to `sink`, page by page. The listing is complete only if it
  /// succeeds. Entries are in no order.
  FileResult<void> list(const ListDirectory& request, const PageSink& sink,
                        Deadline deadline = Deadline::never());

  /// Returns all entries of a directory, or of the tree below it.
  FileResult<std::vector<FileEntry>> list(const ListDirectory& request,
                                          Deadline deadline = Deadline::never());

  /// Returns what is known of a file or directory.
  FileResult<FileDescription> stat(const StatFile& request, Deadline deadline = Deadline::never());

  /// Passes content to `sink`, and returns what file it is of. Succeeds only if all of it has
  /// arrived, with the right hash of each block, and the right root and digest if they are known.
  FileResult<FileMeta> get(const GetFile& request, const ContentSink& sink,
                           Deadline deadline = Deadline::never());

  /// Returns the content of a file of at most `size_max` bytes. Fails with `too_large` for more.
  FileResult<std::string> get(const FilePath& path, std::size_t size_max = std::size_t{64} << 20,
                              Deadline deadline = Deadline::never());

  /// Stores a file, and returns its version. If it succeeds, the file is there whole, and survives
  /// a power cut unless the operator has chosen otherwise. With a key it goes on where an earlier
  /// attempt was cut off, after the blocks that are the same as those of `source`. Fails with
  /// `invalid_argument` if the source has another size than the request says. The source is called
  /// on fibers.
  FileResult<FileVersion> put(const PutFile& request, const ContentSource& source,
                              Deadline deadline = Deadline::never());

  /// Stores a file of at most kSmallFileMax bytes in one message, and returns its version.
  FileResult<FileVersion> store(PutSmallFile request, Deadline deadline = Deadline::never());

  /// Returns the version of the directory.
  FileResult<FileVersion> make_directory(const MakeDirectory& request,
                                         Deadline deadline = Deadline::never());

  FileResult<void> remove(const RemoveFile& request, Deadline deadline = Deadline::never());
  FileResult<FileVersion> move(const MoveFile& request, Deadline deadline = Deadline::never());
  FileResult<FileVersion> copy(const CopyFile& request, Deadline deadline = Deadline::never());
  FileResult<FileVersion> set_meta(const SetFileMeta& request,
                                   Deadline deadline = Deadline::never());

  /// Returns the hashes of blocks, as many as there are.
  FileResult<std::vector<BlockHash>> hashes(const GetHashes& request,
                                            Deadline deadline = Deadline::never());

  /// Returns all unfinished uploads of the user.
  FileResult<std::vector<UploadEntry>> uploads(Deadline deadline = Deadline::never());

  /// Drops an unfinished upload.
  FileResult<void> drop(const UploadKey& key, Deadline deadline = Deadline::never());

  /// Ends the session in order: waits until all requests have ended. Fails as Session::finish().
  Result<void> finish(Deadline deadline = Deadline::never()) { return session_.finish(deadline); }

  /// Returns why the connection cannot be used any more; nullopt if it can.
  std::optional<Error> failure() const { return session_.failure(); }

  /// Returns the session below.
  Session& session() { return session_; }

  /// Returns the server as errors show it.
  const std::string& peer() const { return peer_; }

 private:
  friend class FileDownload;

  FileClient(Session session, std::string peer);

  Session session_;
  std::string peer_;
  std::shared_ptr<services::GroupedFileWork> writing_;  ///< Small files that have arrived.
};

}  // namespace hotline

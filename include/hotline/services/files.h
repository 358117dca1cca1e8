#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/option_taker.h"
#include "hotline/server/handler.h"
#include "hotline/services/file_error.h"
#include "hotline/services/file_path.h"

namespace hotline HOTLINE_PUBLIC {

/// One change that a user of the service `files` has asked for, for its audit: an upload, or a
/// request that makes, removes or changes something. A view: valid in the call that receives it.
struct FileRecord {
  std::string_view user{};           ///< Whose home it is.
  std::string_view caller{};         ///< See Identity::to_string(); empty if it is not known.
  std::string_view endpoint{};       ///< The caller's address.
  std::string_view request{};        ///< Its name on the wire: `PUT`.
  const FilePath& path;              ///< The home for DROP, which has none.
  const FilePath* target = nullptr;  ///< That of MOVE and COPY.
  std::uint64_t bytes = 0;           ///< How many bytes of content have arrived, with holes.
  const FileError* error = nullptr;  ///< Why it was not done.
  bool is_cut = false;  ///< It was not done, because the caller has gone or given it up.
  Duration time{};      ///< How long it took.
  std::chrono::system_clock::time_point ended{};  ///< By the clock of the server.
};

/// What the service `files` has done so far. Any thread.
struct FilesCounters {
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> errors = 0;          ///< The requests that were answered with ERROR.
  std::atomic<std::uint64_t> uploads = 0;         ///< Files that were published.
  std::atomic<std::uint64_t> downloads = 0;       ///< Files, or parts of files, that were sent.
  std::atomic<std::uint64_t> bytes_received = 0;  ///< Content, without holes.
  std::atomic<std::uint64_t> bytes_sent = 0;
};

/// How a server keeps the files of its users.
struct FilesOptions {
  /// What a success promises.
  enum class Durability : std::uint8_t {
    full,  ///< What was changed survives a power cut.
    none,  ///< It survives the end of the server, not that of the machine.
  };

  std::string root{};  ///< The directory of the homes and users: see docs/files.md. Begins with /.

  /// The user whose home every caller gets. Empty: the name of the caller's key or certificate, and
  /// at UNIX endpoints the user who has the caller's user id.
  std::string user{};

  Durability durability = Durability::full;
  std::size_t connections_per_user_max = 16;
  std::size_t requests_max = 256;   ///< At once, on one connection; the client waits with others.
  std::size_t transfers_max = 16;   ///< Uploads with content among these, and as many downloads.
  std::size_t lists_max = 8;        ///< Lists among these. What is over it waits.
  std::size_t uploads_max = 1'000;  ///< Unfinished uploads of each user.
  Duration uploads_term = std::chrono::hours(7 * 24);  ///< How long these are kept.
  Duration stall_timeout = std::chrono::seconds(60);   ///< A transfer without progress ends.
  Duration idle_timeout = std::chrono::minutes(10);    ///< A connection without requests ends.
  bool is_exposed = false;  ///< Other machines may call without protection.

  std::shared_ptr<FilesCounters> counters{};  ///< What it counts; null: nothing.

  /// Called after each change, on the loop or thread of its call; must not wait or throw.
  std::function<void(const FileRecord&)> audit{};

  /// Called with what fails beside the calls, such as a users file that cannot be read, or kept
  /// uploads when their home or share is opened. On any loop or thread, several at once, also under
  /// locks of the service: it must not wait, throw or use the service.
  std::function<void(const Error&)> report{};

  /// Returns `defaults` with the values of a server's options `root`, `user`, `durability`
  /// (`full` or `none`), `connections-per-user`, `requests`, `transfers`, `uploads`, `keep`
  /// (uploads_term) and `stall`, which it takes. Fails without a root.
  static Result<FilesOptions> take_from(OptionTaker& taker, FilesOptions defaults);
};

/// Returns the handler of the service: docs/wire/files.md. Opens or makes what is missing in the
/// root, and fails if that cannot be used. A user is confined to his home, and sees published files
/// only, which are whole. Unless FilesOptions::is_exposed, callers must be on this machine, or come
/// over tls://. Not for `processes`. The handler stays within the root: Handler::stays_within();
/// what FilesOptions::audit and `report` need is to be added there.
Result<Handler> files_handler(const FilesOptions& options);

/// Same as above, with the options of the endpoint.
HandlerMaker files_maker(const FilesOptions& defaults = {});

}  // namespace hotline

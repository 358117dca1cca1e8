#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/services/file_account.h"
#include "hotline/services/file_client.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_path.h"

namespace hotline HOTLINE_PUBLIC {

/// How a FileDownload gets a file.
struct FileDownloadOptions {
  /// What a success promises.
  enum class Durability : std::uint8_t {
    full,  ///< The file survives a power cut.
    none,  ///< It survives the end of this program.
  };

  /// When it is found that the name is in use.
  enum class NameCheck : std::uint8_t {
    before,  ///< Before the server is asked for the file.
    after,   ///< When the file has arrived; nothing of it is kept then. It saves a look where the
             ///< directory is new, and is for files that are small.
  };

  FilePath path{};  ///< The name at the server.

  /// What happens to a file that has the name. What is not a regular file (a directory, a link, a
  /// device, a pipe, a socket) is never replaced.
  Directory::Existing existing = Directory::Existing::fail;
  NameCheck name_check = NameCheck::before;
  Durability durability = Durability::full;

  /// What makes a download known again after the end of this program: which server, which user
  /// there, and the path of a directory where notes on unfinished downloads are kept. Empty: a
  /// download goes on only as long as its object exists.
  FileQuota::ServerId server{};
  std::string user{};
  std::string notes{};

  /// Gets the offset of the first byte that comes, after what an earlier attempt has left. That is
  /// compared at the same time: if it differs, this is called again with a lower offset, and
  /// on_progress goes back too. May be empty.
  std::function<void(std::uint64_t offset)> on_begin{};

  /// Gets how many bytes of the file have arrived, and its size. May be empty.
  std::function<void(std::uint64_t done, std::uint64_t size)> on_progress{};
};

/// The download of a file from a server of files to a directory of this machine. Until it has
/// arrived whole and unchanged it is named `.NAME.XXXXXXXX.part`; then it gets its name, its time
/// and its executable bit. A download that was cut off goes on after the blocks that are the same
/// as those of the version at the server; if that has changed, it begins anew.
///
///     FileDownload download(directory, "film.mkv", {.path = path});
///     FileResult<FileMeta> done = download.run(client);
///
/// One fiber at a time. Works in simulated worlds. Move only.
class FileDownload {
 public:
  /// `directory` must outlive it. `name` is one component.
  FileDownload(const Directory& directory, std::string name, FileDownloadOptions options);

  FileDownload(FileDownload&&) noexcept;
  FileDownload& operator=(FileDownload&&) noexcept;
  /// Leaves an unfinished file where it is, if there are notes on it.
  ~FileDownload();

  /// Gets the file, and returns what it is. Fails as FileClient::get(), as the functions of
  /// Directory and DiskFile do, and with EEXIST if the name is in use and is not to be replaced, or
  /// is not that of a regular file. If the failure is retryable it may be called again, also with
  /// another client. Suspends the fiber.
  FileResult<FileMeta> run(FileClient& client, Deadline deadline = Deadline::never());

  /// Removes the unfinished file, and the notes on it.
  void discard();

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace hotline

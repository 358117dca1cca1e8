#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/services/file_account.h"
#include "hotline/services/file_client.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_requests.h"

namespace hotline HOTLINE_PUBLIC {

/// How a FileUpload puts a file.
struct FileUploadOptions {
  FilePath path{};  ///< The name at the server.
  MissingParents parents = MissingParents::fail;
  FileReplacement replacement{};

  /// What makes an upload known again, besides the file itself: which server, and which user there.
  FileQuota::ServerId server{};
  std::string user{};

  /// Gets the offset of the first byte that is sent, after what an earlier attempt has left. That
  /// is compared at the same time: if it differs, this is called again with a lower offset, and
  /// on_progress goes back too. Not called for a file of at most kSmallFileMax bytes. May be empty.
  std::function<void(std::uint64_t offset)> on_begin{};

  /// Gets how many bytes of the file are sent or were kept by the server, and its size. May be
  /// empty.
  std::function<void(std::uint64_t done, std::uint64_t size)> on_progress{};
};

/// The upload of a file of this machine to a server of files. A file that is open is one version of
/// it: the upload fails with FileErrorCode::changed if it changes while it is read. The same file,
/// unchanged, is the same upload for the server: if it was cut off, also by the end of this
/// program, it goes on after the blocks that the server has kept. A file whose size is 0 although
/// it has content, such as one in /proc, is read to its end; such an upload begins anew each time.
///
///     auto upload = FileUpload::open(directory, "film.mkv", {.path = path});
///     FileResult<FileVersion> done = upload->run(client);
///
/// One fiber at a time. Works in simulated worlds. Move only.
class FileUpload {
 public:
  /// Opens the file. Fails as Directory::open_file() and DiskFile::read_at().
  static Result<FileUpload> open(const Directory& directory, std::string_view name,
                                 FileUploadOptions options);

  FileUpload(FileUpload&&) noexcept;
  FileUpload& operator=(FileUpload&&) noexcept;
  ~FileUpload();

  /// Puts the file, and returns its version at the server. Fails as FileClient::put(), and with
  /// `invalid_argument` if the file has more bytes than its size, which is not 0, says. If the
  /// failure is retryable it may be called again, also with another client. If the file has
  /// changed, or the name is in use, the server is asked to drop what it has kept. Suspends the
  /// fiber.
  FileResult<FileVersion> run(FileClient& client, Deadline deadline = Deadline::never());

  /// Returns the size of the file, as the system says it.
  std::uint64_t size() const;

  /// Returns the key by which the server knows the upload again.
  const UploadKey& key() const;

 private:
  struct State;

  explicit FileUpload(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline

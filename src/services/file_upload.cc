#include "hotline/services/file_upload.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/file_work.h"
#include "services/disk_source.h"
#include "services/transfer_key.h"

namespace hotline {

using services::DiskSource;

namespace {

constexpr std::uint32_t kOwnerExecutes = 0100;
constexpr std::chrono::seconds kDropTime{10};

/// A program can write to a file and set its time back, but not `status.changed`: with the same key
/// the server would take what it has for the new content.
UploadKey key_of_upload(const FileUploadOptions& options, std::string_view name,
                        const FileStatus& status) {
  const std::string_view server(reinterpret_cast<const char*>(options.server.data()),
                                options.server.size());
  const std::array<std::string_view, 4> texts{server, options.user, options.path.text(), name};
  const std::array<std::uint64_t, 5> numbers{
      status.device, status.inode, status.size,
      static_cast<std::uint64_t>(status.modified.time_since_epoch().count()),
      static_cast<std::uint64_t>(status.changed.time_since_epoch().count())};
  return services::transfer_key(texts, numbers);
}

/// Two readers of one file, because both read at the same time.
struct UploadSources {
  bool has_changed() const { return sent.has_changed() || compared.has_changed(); }

  DiskSource sent;
  DiskSource compared;  ///< What is only compared with what the server has kept.
};

/// Reads and hashes beside the loop.
Result<std::vector<BlockHash>> hash_aside(DiskSource& source, std::uint64_t first,
                                          std::size_t count) {
  auto hashed = file_work([&] { return source.hash_blocks(first, count); });
  if (!hashed) return fail(std::move(hashed.error()));
  return *std::move(hashed);
}

}  // namespace

struct FileUpload::State {
  FileResult<FileVersion> put(FileClient& client, UploadSources& sources, Deadline deadline);
  FileResult<FileVersion> store(FileClient& client, DiskSource& source, Deadline deadline);
  void note(std::uint64_t done) const {
    if (options.on_progress) options.on_progress(done, status.size);
  }

  ContentSource pieces_of(UploadSources& sources);
  bool has_size() const { return size == DiskSource::Size::known; }

  DiskFile file;
  FileStatus status;
  DiskSource::Size size;
  FileUploadOptions options;
  UploadKey key{};
  std::vector<BlockHash> known{};  ///< The hashes of blocks that were sent.
  bool has_begun = false;          ///< The server has accepted the upload.
};

Result<FileUpload> FileUpload::open(const Directory& directory, std::string_view name,
                                    FileUploadOptions options) {
  auto file = directory.open_file(name);
  if (!file) return fail(std::move(file.error()));
  const auto status = file->status();
  if (!status) return fail(status.error());
  const auto size = DiskSource::find_size(*file, *status);
  if (!size) return fail(size.error());
  const UploadKey key = key_of_upload(options, name, *status);
  return FileUpload(std::make_unique<State>(State{.file = std::move(*file),
                                                  .status = *status,
                                                  .size = *size,
                                                  .options = std::move(options),
                                                  .key = key}));
}

FileUpload::FileUpload(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileUpload::FileUpload(FileUpload&&) noexcept = default;
FileUpload& FileUpload::operator=(FileUpload&&) noexcept = default;
FileUpload::~FileUpload() = default;

std::uint64_t FileUpload::size() const { return state_->status.size; }
const UploadKey& FileUpload::key() const { return state_->key; }

FileResult<FileVersion> FileUpload::run(FileClient& client, Deadline deadline) {
  UploadSources sources{.sent = DiskSource(state_->file, state_->status, state_->size),
                        .compared = DiskSource(state_->file, state_->status)};
  const bool is_small = state_->has_size() && state_->status.size <= kSmallFileMax;
  auto done = is_small ? state_->store(client, sources.sent, deadline)
                       : state_->put(client, sources, deadline);
  if (done) return done;
  if (sources.has_changed()) {
    done.error().answer = FileError{.code = FileErrorCode::changed};
    done.error().endpoint = "'" + escape(as_bytes(state_->options.path.text())) + "'";
  }
  // If the name was taken before, another upload of the file may have the key.
  const bool is_beaten = state_->has_begun && done.error().is(FileErrorCode::exists);
  const bool is_over = sources.has_changed() || is_beaten;
  const bool may_be_kept = state_->status.size > kSmallFileMax;
  if (is_over && may_be_kept) discard(client.drop(state_->key, deadline_after(kDropTime)));
  return done;
}

/// The whole file in one message.
FileResult<FileVersion> FileUpload::State::store(FileClient& client, DiskSource& source,
                                                 Deadline deadline) {
  auto content = source.read_all();
  if (!content) return fail(std::move(content.error()));
  auto stored = client.store({.path = options.path,
                              .parents = options.parents,
                              .is_executable = (status.mode & kOwnerExecutes) != 0,
                              .modified = status.modified,
                              .replacement = options.replacement,
                              .key = key,
                              .content = *std::move(content)},
                             deadline);
  if (stored) note(status.size);
  return stored;
}

FileResult<FileVersion> FileUpload::State::put(FileClient& client, UploadSources& sources,
                                               Deadline deadline) {
  const PutFile request{.path = options.path,
                        .parents = options.parents,
                        .is_executable = (status.mode & kOwnerExecutes) != 0,
                        .size = has_size() ? status.size : kFileSizeUnknown,
                        .modified = status.modified,
                        .replacement = options.replacement,
                        .key = has_size() ? key : UploadKey()};
  return client.put(request, pieces_of(sources), deadline);
}

ContentSource FileUpload::State::pieces_of(UploadSources& sources) {
  ContentSource content{.next = [&](std::uint64_t offset) -> Result<ContentPiece> {
                          if (has_begun) note(offset);
                          return sources.sent.next(offset);
                        },
                        .known = known,
                        .on_begin =
                            [this](std::uint64_t offset) {
                              has_begun = true;
                              known.clear();
                              if (options.on_begin) options.on_begin(offset);
                            }};
  if (!has_size()) return content;
  content.hashes = [&sources](std::uint64_t first, std::size_t count) {
    return hash_aside(sources.compared, first, count);
  };
  content.on_block = [this](std::uint64_t block, const BlockHash& hash) {
    known.resize(static_cast<std::size_t>(block));
    known.push_back(hash);
  };
  return content;
}

}  // namespace hotline

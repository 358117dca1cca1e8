#include "hotline/services/file_download.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "hotline/engine/file_work.h"
#include "services/block_hashes.h"
#include "services/download_note.h"
#include "services/grouped_file_work.h"
#include "services/part_file.h"
#include "services/transfer_key.h"

namespace hotline {

using services::DownloadNote;
using services::PartFile;

namespace {

/// Up to this size a download begins anew instead of going on.
constexpr std::uint64_t kNotedMin = kFileBlockBytes;

}  // namespace

struct FileDownload::State {
  FileResult<FileMeta> run(FileClient& client, Deadline deadline);
  FileResult<void> find_begin(FileClient& client, Deadline deadline);
  FileResult<std::uint64_t> matching(FileClient& client, Deadline deadline);
  FileResult<FileMeta> get(FileClient& client, Deadline deadline);
  Result<void> begin(const FileMeta& meta);
  Result<void> append(Bytes bytes);
  Result<void> append_hole(std::uint64_t length);
  Result<void> publish(const FileMeta& meta);
  Result<void> publish_small(FileClient& client, const FileMeta& meta);
  PartFile::Durability durability() const;
  std::uint64_t size_so_far() const { return part ? part->size() : small.size(); }
  ContentSink sink(std::uint64_t& size);
  Result<void> check_name() const;
  bool may_go_on(const FileFailure& failure) const;
  std::optional<UploadKey> note_key() const;
  void find_part();
  void make_note();
  void drop_part();

  const Directory& directory;
  std::string name;
  FileDownloadOptions options;
  std::optional<DownloadNote> note{};
  std::optional<PartFile> part{};
  std::string small{};                       ///< The content of a small file, instead of a part.
  FileVersion version{};                     ///< The one that `part` is of.
  std::optional<std::uint64_t> confirmed{};  ///< How much of `part` is known to be right.
};

FileDownload::FileDownload(const Directory& directory, std::string name,
                           FileDownloadOptions options)
    : state_(std::make_unique<State>(
          State{.directory = directory, .name = std::move(name), .options = std::move(options)})) {}

FileDownload::FileDownload(FileDownload&&) noexcept = default;
FileDownload& FileDownload::operator=(FileDownload&&) noexcept = default;
FileDownload::~FileDownload() = default;

void FileDownload::discard() { state_->drop_part(); }

FileResult<FileMeta> FileDownload::run(FileClient& client, Deadline deadline) {
  State& state = *state_;
  if (auto checked = state.check_name(); !checked) return fail(std::move(checked.error()));
  if (!state.part) state.find_part();
  const bool is_continued = state.part.has_value();
  auto got = state.run(client, deadline);
  if (!got && got.error().is(FileErrorCode::changed) && is_continued) {
    state.drop_part();
    got = state.run(client, deadline);
  }
  if (!got && !state.may_go_on(got.error())) state.drop_part();
  return got;
}

bool FileDownload::State::may_go_on(const FileFailure& failure) const {
  // Nothing has looked for the name before, so that the next attempt would end in the same way.
  const bool is_found_late = options.name_check == FileDownloadOptions::NameCheck::after;
  if (is_found_late && failure.native_code == EEXIST) return false;
  return note || failure.is_retryable;
}

Result<void> FileDownload::State::check_name() const {
  if (options.existing == Directory::Existing::replace) return {};
  if (options.name_check == FileDownloadOptions::NameCheck::after) return {};
  if (!directory.status(name)) return {};
  return fail(file_error(EEXIST, "get a file to", "'" + escape(as_bytes(name)) + "'"));
}

std::optional<UploadKey> FileDownload::State::note_key() const {
  const auto status = directory.status();
  if (options.notes.empty() || !status) return std::nullopt;
  const std::string_view server(reinterpret_cast<const char*>(options.server.data()),
                                options.server.size());
  const std::array<std::string_view, 4> texts{server, options.user, options.path.text(), name};
  const std::array<std::uint64_t, 2> numbers{status->device, status->inode};
  return services::transfer_key(texts, numbers);
}

/// Finds what an earlier process has left.
void FileDownload::State::find_part() {
  const auto key = note_key();
  if (!key || note) return;
  auto found = DownloadNote::find(options.notes, *key);
  if (!found || !*found) return;
  const auto text = (*found)->read();
  auto opened = text && *text ? PartFile::open(directory, (*text)->part_name)
                              : Result<PartFile>(fail(Error()));
  if (!opened) return (*found)->remove();
  note = std::move(*found);
  part = std::move(*opened);
  version = (*text)->version;
  confirmed.reset();
}

/// Without a note the download goes on all the same.
void FileDownload::State::make_note() {
  const auto key = note_key();
  if (!key) return;
  auto made = DownloadNote::make(options.notes, *key);
  if (!made || !*made) return;
  if ((*made)->write({.part_name = part->name(), .version = version})) {
    note = std::move(*made);
  } else {
    (*made)->remove();
  }
}

void FileDownload::State::drop_part() {
  if (part) part->remove();
  if (note) note->remove();
  part.reset();
  note.reset();
  version = {};
  confirmed.reset();
}

FileResult<FileMeta> FileDownload::State::run(FileClient& client, Deadline deadline) {
  if (auto found = find_begin(client, deadline); !found) {
    return std::unexpected(std::move(found.error()));
  }
  auto meta = get(client, deadline);
  if (!meta) return meta;
  auto published = part ? publish(*meta) : publish_small(client, *meta);
  if (!published) return fail(std::move(published.error()));
  part.reset();
  drop_part();
  return meta;
}

Result<void> FileDownload::State::publish(const FileMeta& meta) {
  return part->publish(name, meta, options.existing, durability());
}

/// Makes a small file and publishes it: together with others, unless it waits for the disk.
Result<void> FileDownload::State::publish_small(FileClient& client, const FileMeta& meta) {
  Result<void> published = fail(Error());
  const auto write = [&] {
    published =
        PartFile::write(directory, name, as_bytes(small), meta, options.existing, durability());
  };
  const bool is_grouped = durability() == PartFile::Durability::none;
  auto done = is_grouped ? client.writing_->run(write) : run_file_work(write);
  return done ? published : done;
}

PartFile::Durability FileDownload::State::durability() const {
  const bool is_synced = options.durability == FileDownloadOptions::Durability::full;
  return is_synced ? PartFile::Durability::full : PartFile::Durability::none;
}

/// Cuts off what differs from the version at the server.
FileResult<void> FileDownload::State::find_begin(FileClient& client, Deadline deadline) {
  if (!part) return {};
  if (!confirmed) {
    const auto same = matching(client, deadline);
    if (!same) return std::unexpected(same.error());
    confirmed = *same;
  }
  const std::uint64_t blocks = *confirmed / kFileBlockBytes;
  if (auto cut = part->cut(blocks * kFileBlockBytes); !cut) return fail(std::move(cut.error()));
  return {};
}

FileResult<std::uint64_t> FileDownload::State::matching(FileClient& client, Deadline deadline) {
  const auto hashed = part->hash_blocks();
  if (!hashed) return fail(hashed.error());
  const std::span<const BlockHash> own = *hashed;
  std::size_t first = 0;
  while (first < own.size()) {
    const std::size_t count = std::min(own.size() - first, kBlockHashesMax);
    const auto theirs = client.hashes({.path = options.path,
                                       .version = version,
                                       .first = first,
                                       .count = static_cast<std::uint16_t>(count)},
                                      deadline);
    if (!theirs) return std::unexpected(theirs.error());
    const auto asked = own.subspan(first, count);
    const auto same = std::ranges::mismatch(asked, *theirs).in1 - asked.begin();
    first += static_cast<std::size_t>(same);
    if (static_cast<std::size_t>(same) < count) break;
  }
  return first * kFileBlockBytes;
}

FileResult<FileMeta> FileDownload::State::get(FileClient& client, Deadline deadline) {
  const GetFile request{
      .path = options.path, .offset = part ? part->size() : 0, .version = version};
  std::uint64_t size = 0;
  return client.get(request, sink(size), deadline);
}

ContentSink FileDownload::State::sink(std::uint64_t& size) {
  const auto note_progress = [this, &size](Result<void> appended) {
    if (appended && options.on_progress) options.on_progress(size_so_far(), size);
    return appended;
  };
  return {
      .on_begin =
          [this, &size](const FileMeta& meta) {
            size = meta.size;
            return begin(meta);
          },
      .on_data = [this, note_progress](std::uint64_t,
                                       Bytes bytes) { return note_progress(append(bytes)); },
      .on_hole = [this, note_progress](
                     std::uint64_t,
                     std::uint64_t length) { return note_progress(append_hole(length)); },
      .on_blocks = [this](std::uint64_t first, std::span<const BlockHash> hashes) -> Result<void> {
        confirmed = std::min((first + hashes.size()) * kFileBlockBytes, size_so_far());
        return {};
      }};
}

Result<void> FileDownload::State::append(Bytes bytes) {
  if (part) return part->append(bytes);
  small += as_text(bytes);
  return {};
}

Result<void> FileDownload::State::append_hole(std::uint64_t length) {
  if (part) return part->append_hole(length);
  small.append(static_cast<std::size_t>(length), '\0');
  return {};
}

Result<void> FileDownload::State::begin(const FileMeta& meta) {
  small.clear();
  if (!part && meta.size <= kSmallFileMax) {
    if (options.on_begin) options.on_begin(0);
    return {};
  }
  if (!part) {
    auto made = PartFile::make(directory, name);
    if (!made) return fail(std::move(made.error()));
    part = std::move(*made);
    version = meta.version;
    confirmed = 0;
    const bool is_noted = meta.size > kNotedMin && !meta.version.is_none();
    if (is_noted) make_note();
  }
  if (options.on_begin) options.on_begin(part->size());
  return part->reserve(meta.size);
}

}  // namespace hotline

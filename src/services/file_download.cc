#include "hotline/services/file_download.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "hotline/engine/file_work.h"
#include "hotline/engine/task_group.h"
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

/// How many blocks the server is asked about at once, and how many are read in one piece, while
/// content arrives.
constexpr std::size_t kAskedBlocks = 64;
constexpr std::size_t kReadBlocks = 8;

}  // namespace

struct FileDownload::State {
  FileResult<FileMeta> run(FileClient& client, Deadline deadline);
  FileResult<FileMeta> fetch(FileClient& client, Deadline deadline);
  Result<void> cut();
  FileResult<FileMeta> get(FileClient& client, Deadline deadline);
  FileResult<std::optional<FileMeta>> get_and_check(FileClient& client, Deadline deadline);
  FileResult<bool> check(FileClient& client, Deadline deadline);
  Result<bool> compare(std::uint64_t first, std::span<const BlockHash> theirs);
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
  std::string small{};    ///< The content of a small file, instead of a part.
  FileVersion version{};  ///< The one that `part` is of.

  // How much of `part` is right. What follows `unchecked` up to `assumed` has come in this attempt.
  std::uint64_t confirmed = 0;  ///< That is known, from the first byte on.
  std::uint64_t unchecked = 0;  ///< Up to here it is assumed, and to be checked.
  std::uint64_t assumed = 0;
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
  if (options.name_check == FileDownloadOptions::NameCheck::after) return {};
  return services::check_free(directory, name, options.existing);
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
  confirmed = unchecked = 0;
  assumed = part->size();
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
  confirmed = assumed = unchecked = 0;
}

FileResult<FileMeta> FileDownload::State::run(FileClient& client, Deadline deadline) {
  auto meta = fetch(client, deadline);
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

/// Gets what is lacking of the file. What an earlier process has left is checked at the same time;
/// if a block of it differs, everything from there on comes anew.
FileResult<FileMeta> FileDownload::State::fetch(FileClient& client, Deadline deadline) {
  for (;;) {
    if (auto done = cut(); !done) return fail(std::move(done.error()));
    if (!part || confirmed == unchecked) return get(client, deadline);
    auto got = get_and_check(client, deadline);
    if (!got) return std::unexpected(std::move(got.error()));
    if (*got) return **got;
    assumed = confirmed;
  }
}

/// Drops what is neither right nor assumed to be, and the last block if it is not whole.
Result<void> FileDownload::State::cut() {
  if (!part) return {};
  assumed -= assumed % kFileBlockBytes;
  confirmed = std::min(confirmed, assumed);
  unchecked = assumed;
  return part->cut(assumed);
}

/// Returns nothing if a block that was there differs from the version at the server: all before it
/// is confirmed then.
FileResult<std::optional<FileMeta>> FileDownload::State::get_and_check(FileClient& client,
                                                                       Deadline deadline) {
  std::optional<FileMeta> got;
  std::optional<FileFailure> failure;
  bool has_difference = false;
  TaskGroup* fibers = nullptr;
  const auto end_with = [&](std::optional<FileFailure> first) {
    if (failure || has_difference) return;
    failure = std::move(first);
    has_difference = !failure;
    fibers->cancel();
  };
  // The last one here, because its fibers use the others until it is destroyed.
  TaskGroup both({.on_throw = OnThrow::cancels_others});
  fibers = &both;
  auto spawned = both.spawn("file content", [&] {
    auto meta = get(client, deadline);
    meta ? static_cast<void>(got = *meta) : end_with(std::move(meta.error()));
  });
  if (spawned) {
    spawned = both.spawn("file check", [&] {
      auto same = check(client, deadline);
      if (!same) return end_with(std::move(same.error()));
      if (!*same) end_with(std::nullopt);
    });
  }
  if (!spawned) return fail(std::move(spawned.error()));
  if (auto joined = both.join(); !joined) return fail(std::move(joined.error()));
  if (failure) return std::unexpected(std::move(*failure));
  return has_difference ? std::nullopt : got;
}

/// Compares what is not confirmed with the version at the server. Returns false at the first block
/// that differs.
FileResult<bool> FileDownload::State::check(FileClient& client, Deadline deadline) {
  while (confirmed < unchecked) {
    const std::uint64_t first = confirmed / kFileBlockBytes;
    const std::uint64_t left = unchecked / kFileBlockBytes - first;
    const auto count = static_cast<std::uint16_t>(std::min<std::uint64_t>(left, kAskedBlocks));
    const auto theirs = client.hashes(
        {.path = options.path, .version = version, .first = first, .count = count}, deadline);
    if (!theirs) return std::unexpected(theirs.error());
    const auto same = compare(first, *theirs);
    if (!same) return fail(same.error());
    if (!*same || theirs->size() < count) return false;
  }
  confirmed = assumed;
  return true;
}

/// Reads and hashes beside the loop, which receives at the same time.
Result<bool> FileDownload::State::compare(std::uint64_t first, std::span<const BlockHash> theirs) {
  while (!theirs.empty()) {
    const auto asked = theirs.first(std::min(theirs.size(), kReadBlocks));
    const auto own = file_work([&] { return part->hash_blocks(first, asked.size()); });
    if (!own) return fail(own.error());
    if (!*own) return fail(own->error());
    const auto differing = std::ranges::mismatch(asked, **own).in1;
    const auto same = static_cast<std::size_t>(differing - asked.begin());
    first += same;
    confirmed = first * kFileBlockBytes;
    if (same < asked.size()) return false;
    theirs = theirs.subspan(same);
  }
  return true;
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
        assumed = std::min((first + hashes.size()) * kFileBlockBytes, size_so_far());
        if (confirmed >= unchecked) confirmed = assumed;
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
    confirmed = unchecked = assumed = 0;
    const bool is_noted = meta.size > kNotedMin && !meta.version.is_none();
    if (is_noted) make_note();
  }
  if (options.on_begin) options.on_begin(part->size());
  return part->reserve(meta.size);
}

}  // namespace hotline

#include "services/file_lister.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "services/file_version.h"
#include "services/long_path.h"

namespace hotline::services {
namespace {

constexpr std::size_t kPageHeaderBytes = 11;
constexpr std::size_t kEntryMetaBytes = 34;
constexpr std::size_t kEntryLengthBytes = 2;

/// Fewer names are not read for a page that has some: each read has a cost of its own.
constexpr std::size_t kReadsMin = 16;
constexpr std::size_t kTreeReads = 256;

/// A cursor with this bit is one before what the directory itself has: how many mounted ones were
/// listed. No position of the kernel has it, because those have a sign.
constexpr std::uint64_t kMountedCursor = std::uint64_t{1} << 63;

std::string joined_path(const FilePath& directory, std::string_view path) {
  return directory.is_home() ? std::string(path) : directory.text() + "/" + std::string(path);
}

/// Returns enough of a path that is too long to find it.
std::string beginning_of_path(const std::string& path) {
  constexpr std::size_t kShownBytes = 200;
  return path.size() <= kShownBytes ? path : path.substr(0, kShownBytes) + "...";
}

}  // namespace

FileOutcome<FileLister> FileLister::open(Directory directory, const ListDirectory& request,
                                         Options options) {
  FileLister lister(std::move(directory), request, std::move(options));
  const bool is_before = (request.cursor & kMountedCursor) != 0;
  if (auto entered = lister.enter({}, is_before ? 0 : request.cursor); !entered) {
    return std::unexpected(std::move(entered.error()));
  }
  lister.begin_mounted();
  return lister;
}

/// Puts what is mounted before what the directory has.
void FileLister::begin_mounted() {
  const std::size_t count = options_.mounted.size();
  if (request_.depth == FileDepth::single) {
    const std::uint64_t listed = request_.cursor & ~kMountedCursor;
    const bool is_behind = listed == request_.cursor && request_.cursor != 0;
    mounted_listed_ =
        is_behind ? count : static_cast<std::size_t>(std::min<std::uint64_t>(listed, count));
    return;
  }
  for (const Mounted& each : options_.mounted) {
    ahead_.push_back(each.entry);
    if (each.directory) levels_.back().below.push_back(each.entry.path.text());
    if (each.fault && !unread_) unread_ = each.fault;
  }
  std::ranges::reverse(levels_.back().below);
}

/// Returns null if the path, relative to the listed directory, does not lead into a mounted one.
const FileLister::Mounted* FileLister::mounted_at(const FilePath& path) const {
  const auto found = std::ranges::find_if(options_.mounted, [&](const Mounted& each) {
    return each.directory && each.entry.path.contains(path);
  });
  return found == options_.mounted.end() ? nullptr : &*found;
}

bool FileLister::is_hidden(const Level& level, std::string_view name) const {
  return level.path.is_home() && std::ranges::any_of(options_.mounted, [&](const Mounted& each) {
           return each.entry.path.text() == name;
         });
}

/// Fails if the path leads into a mounted one that may not be read any more.
FileOutcome<void> FileLister::check_mounted(const FilePath& path) const {
  const Mounted* const mounted = mounted_at(path);
  return mounted == nullptr ? FileOutcome<void>() : mounted->may_read();
}

FileOutcome<Directory> FileLister::open_level(const Level& level) const {
  const Mounted* const mounted = mounted_at(level.path);
  std::string_view path = level.path.text();
  if (mounted != nullptr) {
    path.remove_prefix(std::min(mounted->entry.path.text().size() + 1, path.size()));
  }
  auto directory = open_long_path(mounted == nullptr ? directory_ : *mounted->directory, path);
  if (!directory) return storage_failure(directory.error());
  return *std::move(directory);
}

FileOutcome<DirectoryReader> FileLister::open_reader(const Level& level) const {
  const bool wants_status = request_.detail == ListDirectory::Detail::meta;
  const EntriesOptions options{
      .detail = wants_status ? EntriesOptions::Detail::status : EntriesOptions::Detail::names,
      .from = level.position};
  auto directory = open_level(level);
  if (!directory) return std::unexpected(std::move(directory.error()));
  auto reader = directory->entries(options);
  if (!reader) return storage_failure(reader.error());
  return std::move(*reader);
}

FileOutcome<void> FileLister::enter(const FilePath& path, std::uint64_t position) {
  Level level{.path = path, .position = position};
  auto reader = open_reader(level);
  if (!reader) return std::unexpected(std::move(reader.error()));
  level.reader = std::move(*reader);
  levels_.push_back(std::move(level));
  if (levels_.size() <= kOpenMax) return {};
  Level& outer = levels_[levels_.size() - 1 - kOpenMax];
  if (outer.reader) outer.position = outer.reader->position();
  outer.reader.reset();
  return {};
}

void FileLister::note_unread(const FilePath& path, const FileError& error) {
  if (unread_) return;
  const auto is_at = [&](const Mounted& each) { return each.entry.path == path; };
  const bool is_share = std::ranges::any_of(options_.mounted, is_at);
  const std::string_view what = is_share ? "the share '" : "'";
  unread_ = cannot_read(std::string(what) + beginning_of_path(path.text()) + "'", error);
}

/// Goes on without a directory that cannot be read. One that was removed or replaced since its name
/// was read, or is a mount point, which no path enters, is missing in no list; a mounted one is.
FileOutcome<void> FileLister::leave_out(const FilePath& path, const FileError& error) {
  const Mounted* const mounted = mounted_at(path);
  const bool is_mounted = mounted != nullptr && mounted->entry.path == path;
  if (is_no_directory(error) && !is_mounted) return {};
  if (error.code == FileErrorCode::draining) return std::unexpected(error);
  note_unread(path, error);
  return {};
}

/// Goes on with what is in no page yet, when the listed directory cannot be read any more.
FileOutcome<void> FileLister::end_with(const FileError& error) {
  if (error.code == FileErrorCode::draining) return std::unexpected(error);
  if (!unread_) unread_ = error;
  return {};
}

FileOutcome<void> FileLister::enter_next() {
  Level& level = levels_.back();
  const std::string name = std::move(level.below.back());
  level.below.pop_back();
  const auto path = path_of(level, name);
  if (!path) return std::unexpected(path.error());
  if (auto may = check_mounted(*path); !may) return may;
  auto entered = enter(*path, 0);
  return entered ? entered : leave_out(*path, entered.error());
}

/// Returns the next names of the innermost level.
FileOutcome<std::vector<DirectoryEntry>> FileLister::read_names(std::size_t count_max) {
  Level& level = levels_.back();
  if (!level.reader) {
    auto reader = open_reader(level);
    if (!reader) return std::unexpected(std::move(reader.error()));
    level.reader = std::move(*reader);
  }
  auto entries = level.reader->next(count_max);
  if (!entries) return storage_failure(entries.error());
  return *std::move(entries);
}

/// Returns how many names were read; 0 if there are no more, or they cannot be read.
FileOutcome<std::size_t> FileLister::read_some(std::size_t count_max) {
  Level& level = levels_.back();
  if (auto may = check_mounted(level.path); !may) return std::unexpected(std::move(may.error()));
  const auto entries = read_names(count_max);
  if (!entries) {
    const auto left =
        levels_.size() == 1 ? end_with(entries.error()) : leave_out(level.path, entries.error());
    return left ? FileOutcome<std::size_t>(0) : std::unexpected(left.error());
  }
  for (const DirectoryEntry& entry : *entries) {
    if (auto added = add(level, entry); !added) return std::unexpected(std::move(added.error()));
  }
  std::ranges::reverse(level.below);
  return entries->size();
}

/// Returns the path of a name, relative to the listed directory.
FileOutcome<FilePath> FileLister::path_of(const Level& level, std::string_view name) const {
  const std::string text = joined_path(level.path, name);
  auto path = FilePath::parse(text);
  if (request_.depth == FileDepth::single && path) return std::move(*path);
  const auto whole = FilePath::parse(joined_path(request_.path, text));
  if (path && whole) return std::move(*path);
  return refuse(
      FileErrorCode::bad_name,
      std::string(describe(path ? whole.error() : path.error())) + ": " + beginning_of_path(text));
}

FileOutcome<void> FileLister::add(Level& level, const DirectoryEntry& entry) {
  const bool is_named_only = request_.detail == ListDirectory::Detail::names;
  if (is_hidden(level, entry.name)) return {};
  auto path = path_of(level, entry.name);
  if (!path) return std::unexpected(std::move(path.error()));
  if (!is_named_only && !entry.status) {
    note_unread(*path, {.code = FileErrorCode::storage});
    return {};
  }
  FileEntry added{.path = std::move(*path)};
  added.meta = meta_of(entry.status.value_or(FileStatus{.kind = entry.kind}));
  if (is_named_only) added.meta = {.kind = added.meta.kind};
  const bool is_directory = added.meta.kind == FileKind::directory;
  if (is_directory && request_.depth == FileDepth::tree) level.below.push_back(entry.name);
  ahead_.push_back(std::move(added));
  return {};
}

FileOutcome<FilePage> FileLister::next() {
  FilePage page{.depth = request_.depth, .detail = request_.detail};
  const std::size_t entries_max =
      request_.entries_max == 0 ? std::numeric_limits<std::uint16_t>::max() : request_.entries_max;
  auto filled = request_.depth == FileDepth::tree ? fill_from_tree(page, entries_max)
                                                  : fill_from_directory(page, entries_max);
  if (!filled) return std::unexpected(std::move(filled.error()));
  return page;
}

FileOutcome<void> FileLister::fill_from_directory(FilePage& page, std::size_t entries_max) {
  const std::size_t entry_max = size_of_entry(FilePath::kComponentMax);
  std::size_t room = kFileMessageMax - kPageHeaderBytes;
  for (; mounted_listed_ < options_.mounted.size(); ++mounted_listed_) {
    if (page.entries.size() == entries_max || room < entry_max) break;
    const FileEntry& entry = options_.mounted[mounted_listed_].entry;
    room -= size_of_entry(entry.path.text().size());
    page.entries.push_back(entry);
  }
  while (mounted_listed_ == options_.mounted.size()) {
    const std::size_t wanted = std::min(entries_max - page.entries.size(), room / entry_max);
    if (wanted == 0 || (wanted < kReadsMin && !page.entries.empty())) break;
    const auto count = read_some(wanted);
    if (!count) return std::unexpected(count.error());
    if (*count == 0 && (!unread_ || page.entries.empty())) return end(page);
    if (*count == 0) break;
    for (FileEntry& entry : ahead_) {
      room -= size_of_entry(entry.path.text().size());
      page.entries.push_back(std::move(entry));
    }
    ahead_.clear();
  }
  page.cursor = levels_.back().reader->position();
  // Nothing of the directory was read, so it goes on with what comes before it.
  if (page.cursor == 0) page.cursor = kMountedCursor | mounted_listed_;
  return {};
}

FileOutcome<void> FileLister::fill_from_tree(FilePage& page, std::size_t entries_max) {
  std::size_t room = kFileMessageMax - kPageHeaderBytes;
  while (page.entries.size() < entries_max) {
    if (!ahead_.empty()) {
      const std::size_t size = size_of_entry(ahead_.front().path.text().size());
      if (size > room) return {};
      room -= size;
      page.entries.push_back(std::move(ahead_.front()));
      ahead_.pop_front();
      continue;
    }
    if (levels_.empty()) break;
    if (!levels_.back().below.empty()) {
      if (auto entered = enter_next(); !entered) return entered;
      continue;
    }
    const auto count = read_some(kTreeReads);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) levels_.pop_back();
  }
  return levels_.empty() && ahead_.empty() ? end(page) : FileOutcome<void>();
}

/// Makes the page the last one, unless something could not be read.
FileOutcome<void> FileLister::end(FilePage& page) const {
  page.is_last = !unread_;
  if (!unread_ || !page.entries.empty()) return {};
  return std::unexpected(*unread_);
}

std::size_t FileLister::size_of_entry(std::size_t path_size) const {
  const bool is_named_only = request_.detail == ListDirectory::Detail::names;
  return (is_named_only ? 1 : kEntryMetaBytes) + kEntryLengthBytes + path_size;
}

FileOutcome<void> check_paths_below(Directory directory, const FilePath& path) {
  auto lister = FileLister::open(
      std::move(directory),
      {.path = path, .depth = FileDepth::tree, .detail = ListDirectory::Detail::names});
  if (!lister) return std::unexpected(std::move(lister.error()));
  for (;;) {
    const auto page = lister->next();
    if (!page) return std::unexpected(page.error());
    if (page->is_last) return {};
  }
}

}  // namespace hotline::services

#include "services/download_note.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "hotline/core/hex.h"
#include "hotline/engine/make_directories.h"
#include "services/file_payload.h"

namespace hotline::services {
namespace {

constexpr std::string_view kNoteName = "download";
constexpr std::string_view kNewNoteName = "download.new";
constexpr std::string_view kNoteMagic = "hotline download 1\n";
constexpr std::size_t kNoteMax = 1'024;
constexpr unsigned kNoteMode = 0600;
constexpr unsigned kNoteDirectoryMode = 0700;

bool is_missing(const Error& error) { return error.native_code == ENOENT; }

/// Returns true for what PartFile can have made.
bool is_part_name(std::string_view name) {
  return name.size() > 6 && name.size() <= FilePath::kComponentMax && name.starts_with('.') &&
         name.ends_with(".part") && !name.contains('/') && !name.contains('\0');
}

}  // namespace

std::string format_download_note(const DownloadNote::Text& text) {
  std::string bytes(kNoteMagic);
  FilePayloadWriter writer(bytes);
  writer.put(text.version.bytes);
  writer.put_text(text.part_name);
  return bytes;
}

std::optional<DownloadNote::Text> parse_download_note(std::string_view bytes) {
  if (!bytes.starts_with(kNoteMagic)) return std::nullopt;
  FilePayloadReader reader("the note", as_bytes(bytes.substr(kNoteMagic.size())));
  DownloadNote::Text text;
  text.version = reader.version();
  text.part_name = as_text(reader.take(reader.number<std::uint16_t>()));
  if (!reader.finish() || !is_part_name(text.part_name)) return std::nullopt;
  return text;
}

DownloadNote::DownloadNote(Directory notes, std::string name, Directory own)
    : notes_(std::move(notes)), name_(std::move(name)), own_(std::move(own)) {}

Result<std::optional<DownloadNote>> DownloadNote::find(const std::string& directory,
                                                       const UploadKey& key) {
  auto notes = Directory::open(directory);
  if (!notes && is_missing(notes.error())) return std::nullopt;
  if (!notes) return fail(std::move(notes.error()));
  return open(std::move(*notes), to_hex(key));
}

Result<std::optional<DownloadNote>> DownloadNote::make(const std::string& directory,
                                                       const UploadKey& key) {
  auto notes = Directory::open(directory);
  if (!notes && is_missing(notes.error())) {
    if (auto made = make_directories(directory); !made) return fail(std::move(made.error()));
    notes = Directory::open(directory);
  }
  if (!notes) return fail(std::move(notes.error()));
  std::string name = to_hex(key);
  auto made = notes->make_directory(name, kNoteDirectoryMode);
  if (!made && made.error().native_code != EEXIST) return fail(std::move(made.error()));
  return open(std::move(*notes), std::move(name));
}

Result<std::optional<DownloadNote>> DownloadNote::open(Directory notes, std::string name) {
  auto own = notes.open_beneath(name);
  if (!own && is_missing(own.error())) return std::nullopt;
  if (!own) return fail(std::move(own.error()));
  const auto locked = own->try_lock();
  if (!locked) return fail(locked.error());
  if (!*locked) return std::nullopt;
  return DownloadNote(std::move(notes), std::move(name), std::move(*own));
}

Result<std::optional<DownloadNote::Text>> DownloadNote::read() const {
  auto file = own_.open_file(kNoteName);
  if (!file && is_missing(file.error())) return std::nullopt;
  if (!file) return fail(std::move(file.error()));
  std::array<std::byte, kNoteMax> room;
  const auto count = file->read_at(0, room);
  if (!count) return fail(count.error());
  return parse_download_note(as_text(Bytes(room).first(*count)));
}

Result<void> DownloadNote::write(const Text& text) const {
  discard(own_.remove_file(kNewNoteName));
  auto file = own_.create(kNewNoteName, kNoteMode);
  if (!file) return fail(std::move(file.error()));
  const std::string bytes = format_download_note(text);
  if (auto written = file->write_at(0, as_bytes(bytes)); !written) return written;
  return own_.rename(kNewNoteName, own_, kNoteName, Directory::Existing::replace);
}

void DownloadNote::remove() {
  discard(own_.remove_file(kNoteName));
  discard(own_.remove_file(kNewNoteName));
  discard(notes_.remove_directory(name_));
}

}  // namespace hotline::services

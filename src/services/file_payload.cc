#include "services/file_payload.h"

#include <algorithm>

namespace hotline::services {
namespace {

constexpr std::uint8_t kExecutableMeta = 1;

FileTime time_of(std::uint64_t number) {
  return FileTime(std::chrono::nanoseconds(static_cast<std::int64_t>(number)));
}

}  // namespace

void FilePayloadWriter::put_text(std::string_view text) {
  put_number(static_cast<std::uint16_t>(text.size()));
  out_ += text;
}

std::uint8_t FilePayloadReader::flags(std::uint8_t known) {
  const auto value = number<std::uint8_t>();
  if ((value & ~known) == 0) return value;
  refuse("has an unknown flag");
  return 0;
}

Bytes FilePayloadReader::take(std::size_t size) {
  if (size > rest_.size()) {
    refuse("is cut off");
    return {};
  }
  const Bytes taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

Bytes FilePayloadReader::take_rest(std::size_t max) {
  if (rest_.size() > max) refuse("is too long");
  return take(rest_.size());
}

FilePath FilePayloadReader::path() {
  const auto parsed = FilePath::parse(as_text(take(number<std::uint16_t>())));
  if (parsed) return *parsed;
  refuse("is refused: " + std::string(describe(parsed.error())));
  return {};
}

FilePath FilePayloadReader::named_path() {
  FilePath taken = path();
  if (taken.is_home()) refuse("names no file");
  return taken;
}

FilePath FilePayloadReader::name() {
  FilePath taken = named_path();
  if (taken.depth() > 1) refuse("has a name with a slash");
  return taken;
}

std::uint64_t FilePayloadReader::size() {
  const auto value = number<std::uint64_t>();
  if (value <= kFileSizeMax) return value;
  refuse("has a size that is too large");
  return 0;
}

std::uint64_t FilePayloadReader::block() {
  const auto value = number<std::uint64_t>();
  if (value <= kFileSizeMax / kFileBlockBytes) return value;
  refuse("has a block that no file has");
  return 0;
}

void FilePayloadReader::refuse(std::string_view reason) {
  if (!fault_) fault_ = FileFault{.text = std::string(name_) + " " + std::string(reason)};
  rest_ = {};
}

std::expected<void, FileFault> FilePayloadReader::finish() {
  if (!rest_.empty()) refuse("has bytes after its end");
  if (fault_) return std::unexpected(*fault_);
  return {};
}

// Each value as it is written and read.

void FilePayloadWriter::put_time(FileTime time) {
  put_number(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

FileTime FilePayloadReader::time() { return time_of(number<std::uint64_t>()); }

void FilePayloadWriter::put_meta(const FileMeta& meta) {
  put_choice(meta.kind);
  put_number(meta.is_executable ? kExecutableMeta : std::uint8_t{0});
  put_number(meta.size);
  put_time(meta.modified);
  put(meta.version.bytes);
}

FileMeta FilePayloadReader::meta() {
  FileMeta meta;
  meta.kind = choice(FileKind::other, "has an unknown kind of file");
  meta.is_executable = flags(kExecutableMeta) != 0;
  meta.size = size();
  meta.modified = time();
  meta.version = version();
  const bool has_file_value = meta.is_executable || meta.size != 0;
  if (meta.kind != FileKind::file && has_file_value) refuse("has a size of what is not a file");
  return meta;
}

void FilePayloadWriter::put_replacement(const FileReplacement& replacement) {
  put_choice(replacement.on_exist);
  put(replacement.version.bytes);
}

FileReplacement FilePayloadReader::replacement() {
  FileReplacement taken;
  taken.on_exist = choice(OnExist::replace_if, "has an unknown way to replace");
  taken.version = version();
  const bool needs_version = taken.on_exist == OnExist::replace_if;
  if (needs_version == taken.version.is_none()) refuse("has a version without need, or none");
  return taken;
}

void FilePayloadWriter::put_digest(const FileDigest& digest) {
  put_choice(digest.kind);
  put(Bytes(digest.bytes).first(size_of(digest.kind)));
}

FileDigestKind FilePayloadReader::digest_kind() {
  return choice(FileDigestKind::md5, "has an unknown kind of digest");
}

FileDigest FilePayloadReader::digest() {
  FileDigest taken;
  taken.kind = digest_kind();
  const Bytes bytes = take(size_of(taken.kind));
  std::copy(bytes.begin(), bytes.end(), taken.bytes.begin());
  return taken;
}

}  // namespace hotline::services

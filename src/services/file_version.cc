#include "services/file_version.h"

#include <string>

#include "services/block_hash.h"
#include "services/file_payload.h"

namespace hotline::services {
namespace {

constexpr unsigned kOwnerMayExecute = 0100;

FileKind kind_of_entry(EntryKind kind) {
  switch (kind) {
    case EntryKind::file: return FileKind::file;
    case EntryKind::directory: return FileKind::directory;
    case EntryKind::link: return FileKind::link;
    case EntryKind::other: break;
  }
  return FileKind::other;
}

}  // namespace

FileVersion version_of(const FileStatus& status) {
  std::string facts;
  FilePayloadWriter writer(facts);
  writer.put_number(status.inode);
  writer.put_number(status.size);
  writer.put_time(status.modified);
  writer.put_time(status.changed);
  writer.put_time(status.born);
  return {hash_of(as_bytes(facts)).bytes};
}

FileMeta meta_of(const FileStatus& status) {
  const bool is_file = status.kind == EntryKind::file;
  return {.kind = kind_of_entry(status.kind),
          .is_executable = is_file && (status.mode & kOwnerMayExecute) != 0,
          .size = is_file ? status.size : 0,
          .modified = status.modified,
          .version = version_of(status)};
}

FileUsage usage_of(const FileStatus& status) {
  return {.bytes = status.kind == EntryKind::file ? status.size : 0, .entries = 1};
}

unsigned file_mode(bool is_executable) { return is_executable ? 0700 : 0600; }

}  // namespace hotline::services

#include "services/file_quota.h"

namespace hotline::services {
namespace {

constexpr std::uint8_t kCanRead = 1;
constexpr std::uint8_t kCanWrite = 2;
constexpr std::uint8_t kCanOverwrite = 4;
constexpr std::uint8_t kCanRemove = 8;

std::uint8_t flags_of(const FileRights& rights) {
  std::uint8_t flags = 0;
  if (rights.can_read) flags |= kCanRead;
  if (rights.can_write) flags |= kCanWrite;
  if (rights.can_overwrite) flags |= kCanOverwrite;
  if (rights.can_remove) flags |= kCanRemove;
  return flags;
}

}  // namespace

void put_value(FilePayloadWriter& writer, const FileQuota& quota) {
  writer.put_number(flags_of(quota.rights));
  writer.put(quota.server);
  for (const std::uint64_t each : {quota.bytes_max, quota.bytes_used, quota.bytes_reserved,
                                   quota.entries_max, quota.entries_used}) {
    writer.put_number(each);
  }
}

void take_value(FilePayloadReader& reader, FileQuota& quota) {
  const std::uint8_t flags = reader.flags(kCanRead | kCanWrite | kCanOverwrite | kCanRemove);
  quota.rights = {.can_read = (flags & kCanRead) != 0,
                  .can_write = (flags & kCanWrite) != 0,
                  .can_overwrite = (flags & kCanOverwrite) != 0,
                  .can_remove = (flags & kCanRemove) != 0};
  quota.server = reader.array<sizeof(FileQuota::ServerId)>();
  for (std::uint64_t* each : {&quota.bytes_max, &quota.bytes_used, &quota.bytes_reserved,
                              &quota.entries_max, &quota.entries_used}) {
    *each = reader.number<std::uint64_t>();
  }
}

}  // namespace hotline::services

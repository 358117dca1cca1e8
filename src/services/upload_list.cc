#include "services/upload_list.h"

namespace hotline::services {
namespace {

constexpr std::uint8_t kLastList = 1;
// With a path of one byte.
constexpr std::size_t kUploadEntryMin = sizeof(UploadKey) + 2 + 1 + 3 * sizeof(std::uint64_t);

void put_upload(FilePayloadWriter& writer, const UploadEntry& entry) {
  writer.put(entry.key);
  writer.put_text(entry.path.text());
  writer.put_number(entry.size);
  writer.put_number(entry.kept);
  writer.put_time(entry.last_byte);
}

UploadEntry take_upload(FilePayloadReader& reader) {
  UploadEntry entry;
  entry.key = reader.array<sizeof(UploadKey)>();
  entry.path = reader.named_path();
  entry.size = reader.number<std::uint64_t>();
  entry.kept = reader.size();
  entry.last_byte = reader.time();
  if (entry.key == UploadKey{}) reader.refuse("has an upload without a key");
  if (entry.size != kFileSizeUnknown && entry.size > kFileSizeMax) {
    reader.refuse("has a size that is too large");
  }
  if (entry.kept > entry.size) reader.refuse("has an upload of which more is kept than there is");
  return entry;
}

}  // namespace

void put_value(FilePayloadWriter& writer, const UploadList& list) {
  writer.put_number(list.is_last ? kLastList : std::uint8_t{0});
  writer.put_number(static_cast<std::uint16_t>(list.entries.size()));
  for (const UploadEntry& each : list.entries) put_upload(writer, each);
}

void take_value(FilePayloadReader& reader, UploadList& list) {
  list.is_last = reader.flags(kLastList) != 0;
  const std::size_t count = reader.number<std::uint16_t>();
  if (reader.left() / kUploadEntryMin < count) return reader.refuse("is cut off");
  list.entries.reserve(count);
  while (list.entries.size() < count && !reader.has_failed()) {
    list.entries.push_back(take_upload(reader));
  }
  if (list.entries.empty() && !list.is_last) reader.refuse("has no entry and is not the last");
}

}  // namespace hotline::services

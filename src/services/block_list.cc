#include "services/block_list.h"

namespace hotline::services {

void put_value(FilePayloadWriter& writer, const BlockRange& range) {
  writer.put_number(range.first);
  writer.put_number(range.count);
}

void take_value(FilePayloadReader& reader, BlockRange& range) {
  range.first = reader.block();
  range.count = reader.number<std::uint16_t>();
  if (range.count == 0 || range.count > kBlockHashesMax) reader.refuse("has a wrong count");
}

void put_value(FilePayloadWriter& writer, const BlockList& list) {
  writer.put_number(list.first);
  writer.put_number(static_cast<std::uint16_t>(list.hashes.size()));
  for (const BlockHash& each : list.hashes) writer.put(each.bytes);
}

void take_value(FilePayloadReader& reader, BlockList& list) {
  list.first = reader.block();
  const std::size_t count = reader.number<std::uint16_t>();
  if (count > kBlockHashesMax) reader.refuse("has a wrong count");
  if (reader.left() != count * BlockHash::kBytes) reader.refuse("has a wrong size");
  if (reader.has_failed()) return;
  list.hashes.resize(count);
  for (BlockHash& each : list.hashes) each = reader.hash();
}

}  // namespace hotline::services

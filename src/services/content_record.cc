#include "services/content_record.h"

namespace hotline::services {
namespace {

constexpr std::uint8_t kEndHasRoot = 1;

void put_record_header(FilePayloadWriter& writer, ContentRecordType type, std::size_t size) {
  writer.put_choice(type);
  writer.put_number(std::uint8_t{0});
  writer.put_number(static_cast<std::uint32_t>(size));
}

std::string with_header(ContentRecordType type, std::string_view payload) {
  std::string record;
  FilePayloadWriter writer(record);
  put_record_header(writer, type, payload.size());
  return record.append(payload);
}

}  // namespace

std::string encode_data_header(std::uint64_t offset, std::size_t size) {
  std::string header;
  FilePayloadWriter writer(header);
  put_record_header(writer, ContentRecordType::data, kDataHeaderBytes - kRecordHeaderBytes + size);
  writer.put_number(offset);
  writer.put_number(static_cast<std::uint32_t>(size));
  return header;
}

std::string encode_record(const ContentHole& hole) {
  std::string payload;
  FilePayloadWriter writer(payload);
  writer.put_number(hole.offset);
  writer.put_number(hole.length);
  return with_header(ContentRecordType::hole, payload);
}

void take_value(FilePayloadReader& reader, ContentHole& hole) {
  hole.offset = reader.size();
  hole.length = reader.number<std::uint64_t>();
  if (hole.length == 0 || hole.length > kContentHoleMax) reader.refuse("has a wrong length");
}

std::string encode_record(const BlockList& blocks) {
  std::string payload;
  FilePayloadWriter writer(payload);
  put_value(writer, blocks);
  return with_header(ContentRecordType::blocks, payload);
}

std::string encode_record(const ContentEnd& end) {
  std::string payload;
  FilePayloadWriter writer(payload);
  writer.put_number(end.size);
  writer.put_number(end.root ? kEndHasRoot : std::uint8_t{0});
  writer.put(end.root.value_or(BlockHash{}).bytes);
  writer.put_digest(end.digest);
  return with_header(ContentRecordType::end, payload);
}

void take_value(FilePayloadReader& reader, ContentEnd& end) {
  end.size = reader.size();
  const bool has_root = reader.flags(kEndHasRoot) != 0;
  const BlockHash root = reader.hash();
  if (has_root) end.root = root;
  end.digest = reader.digest();
  if (!has_root && root != BlockHash{}) reader.refuse("has a root that is not known");
}

}  // namespace hotline::services

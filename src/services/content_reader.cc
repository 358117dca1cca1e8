#include "services/content_reader.h"

#include <algorithm>
#include <bit>

#include "hotline/core/byte_order.h"

namespace hotline::services {
namespace {

std::unexpected<FileFault> malformed_record(std::string_view text) {
  return std::unexpected(FileFault{.text = std::string(text)});
}

template <typename Record>
std::expected<ContentEvent, FileFault> decoded(FilePayloadReader reader) {
  Record record;
  take_value(reader, record);
  if (const auto taken = reader.finish(); !taken) return std::unexpected(taken.error());
  return record;
}

}  // namespace

std::expected<ContentEvent, FileFault> ContentReader::take(Bytes& input) {
  if (data_left_ > 0 && !input.empty()) return take_data(input);
  if (data_left_ > 0 || !gather(input, kRecordHeaderBytes)) return ContentEvent();
  if (const auto checked = check_header(); !checked) return std::unexpected(checked.error());
  const bool is_data = type() == ContentRecordType::data;
  if (!gather(input, is_data ? kDataHeaderBytes : kRecordHeaderBytes + length())) {
    return ContentEvent();
  }
  auto event = is_data ? begin_data() : decode();
  record_.clear();
  if (!event || !is_data) return event;
  return take(input);
}

/// Fills record_ up to `size`. Returns false if there is not enough.
bool ContentReader::gather(Bytes& input, std::size_t size) {
  const std::size_t lacking = size - std::min(size, record_.size());
  const Bytes taken = input.first(std::min(lacking, input.size()));
  record_ += as_text(taken);
  input = input.subspan(taken.size());
  return taken.size() == lacking;
}

std::expected<void, FileFault> ContentReader::check_header() const {
  if (type() < ContentRecordType::data || type() > ContentRecordType::end) {
    return malformed_record("a record has an unknown type");
  }
  const auto flags = static_cast<std::uint8_t>(record_[1]);
  const bool is_data = type() == ContentRecordType::data;
  if (is_data && flags == kCompressedData) {
    return std::unexpected(FileFault{ResetCode::unsupported, "compressed DATA is not supported"});
  }
  if (flags != 0) return malformed_record("a record has an unknown flag");
  const std::size_t max =
      is_data ? kDataHeaderBytes - kRecordHeaderBytes + kContentDataMax : kFileMessageMax;
  if (length() > max) return malformed_record("a record is too long");
  return {};
}

std::expected<ContentEvent, FileFault> ContentReader::begin_data() {
  FilePayloadReader reader("DATA", as_bytes(record_).subspan(kRecordHeaderBytes));
  data_offset_ = reader.size();
  const std::size_t size = reader.number<std::uint32_t>();
  if (size == 0 || size + kDataHeaderBytes != length() + kRecordHeaderBytes) {
    reader.refuse("has a wrong length");
  }
  if (const auto taken = reader.finish(); !taken) return std::unexpected(taken.error());
  data_left_ = size;
  return ContentEvent();
}

ContentData ContentReader::take_data(Bytes& input) {
  const ContentData data{data_offset_, input.first(std::min(data_left_, input.size()))};
  input = input.subspan(data.bytes.size());
  data_offset_ += data.bytes.size();
  data_left_ -= data.bytes.size();
  return data;
}

std::expected<ContentEvent, FileFault> ContentReader::decode() const {
  const Bytes payload = as_bytes(record_).subspan(kRecordHeaderBytes);
  switch (type()) {
    case ContentRecordType::hole: return decoded<ContentHole>({"HOLE", payload});
    case ContentRecordType::blocks: return decoded<BlockList>({"BLOCKS", payload});
    default: return decoded<ContentEnd>({"END", payload});
  }
}

std::size_t ContentReader::length() const {
  return load_number<std::endian::big, std::uint32_t>(as_bytes(record_).data() + 2);
}

}  // namespace hotline::services

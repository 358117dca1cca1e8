#include "services/upload_state.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "services/file_payload.h"

namespace hotline::services {
namespace {

constexpr std::string_view kStateMagic = "HLU1";
constexpr std::size_t kStateChecksumBytes = 8;

enum class StateRecordType : std::uint8_t { blocks = 1, published };

/// Appends `2 length | body | 8 checksum`.
void append_part(std::string& out, std::string_view body) {
  FilePayloadWriter writer(out);
  writer.put_text(body);
  const BlockHash hash = hash_of(as_bytes(body));
  writer.put(Bytes(hash.bytes).first(kStateChecksumBytes));
}

/// Removes such a part from the front of `rest`, and returns its body; nullopt if it is cut off or
/// changed.
std::optional<Bytes> take_part(Bytes& rest) {
  FilePayloadReader reader("part", rest);
  const auto length = reader.number<std::uint16_t>();
  const Bytes body = reader.take(length);
  const Bytes checksum = reader.take(kStateChecksumBytes);
  if (reader.has_failed() || body.empty()) return std::nullopt;
  const BlockHash hash = hash_of(body);
  if (!std::ranges::equal(Bytes(hash.bytes).first(kStateChecksumBytes), checksum)) {
    return std::nullopt;
  }
  rest = rest.subspan(rest.size() - reader.left());
  return body;
}

std::optional<UploadFacts> decode_facts(Bytes body) {
  FilePayloadReader reader("facts", body);
  UploadFacts facts;
  if (as_text(reader.take(kStateMagic.size())) != kStateMagic) return std::nullopt;
  facts.key = reader.array<std::tuple_size_v<UploadKey>>();
  facts.path = reader.named_path();
  facts.size = reader.number<std::uint64_t>();
  if (!reader.finish() || facts.key == UploadKey{}) return std::nullopt;
  if (facts.size > kFileSizeMax && facts.size != kFileSizeUnknown) return std::nullopt;
  return facts;
}

bool take_blocks(UploadState& state, FilePayloadReader& reader) {
  BlockList list;
  take_value(reader, list);
  if (!reader.finish() || list.first > state.blocks.size()) return false;
  const std::uint64_t blocks_max =
      std::min<std::uint64_t>(state.facts.size, kFileSizeMax) / kFileBlockBytes;
  if (list.first + list.hashes.size() > blocks_max) return false;
  state.blocks.resize(static_cast<std::size_t>(list.first));
  state.blocks.insert(state.blocks.end(), list.hashes.begin(), list.hashes.end());
  state.published.reset();
  return true;
}

bool take_published(UploadState& state, FilePayloadReader& reader) {
  PublishedFile file;
  file.inode = reader.number<std::uint64_t>();
  file.born = reader.time();
  file.size = reader.size();
  file.modified = reader.time();
  if (!reader.finish()) return false;
  state.published = file;
  return true;
}

bool take_record(UploadState& state, Bytes body) {
  FilePayloadReader reader("record", body);
  switch (static_cast<StateRecordType>(reader.number<std::uint8_t>())) {
    case StateRecordType::blocks: return take_blocks(state, reader);
    case StateRecordType::published: return take_published(state, reader);
  }
  return false;
}

}  // namespace

PublishedFile published_file_of(const FileStatus& status) {
  return {
      .inode = status.inode, .born = status.born, .size = status.size, .modified = status.modified};
}

std::string encode_upload_facts(const UploadFacts& facts) {
  std::string body(kStateMagic);
  FilePayloadWriter writer(body);
  writer.put(facts.key);
  writer.put_text(facts.path.text());
  writer.put_number(facts.size);
  std::string header;
  append_part(header, body);
  return header;
}

std::string encode_upload_record(const BlockList& blocks) {
  std::string body;
  FilePayloadWriter writer(body);
  writer.put_choice(StateRecordType::blocks);
  put_value(writer, blocks);
  std::string record;
  append_part(record, body);
  return record;
}

std::string encode_upload_record(const PublishedFile& published) {
  std::string body;
  FilePayloadWriter writer(body);
  writer.put_choice(StateRecordType::published);
  writer.put_number(published.inode);
  writer.put_time(published.born);
  writer.put_number(published.size);
  writer.put_time(published.modified);
  std::string record;
  append_part(record, body);
  return record;
}

std::optional<UploadState> decode_upload_state(Bytes bytes) {
  Bytes rest = bytes;
  const auto header = take_part(rest);
  auto facts = header ? decode_facts(*header) : std::nullopt;
  if (!facts) return std::nullopt;
  UploadState state{.facts = std::move(*facts)};
  state.valid_size = bytes.size() - rest.size();
  while (const auto body = take_part(rest)) {
    if (!take_record(state, *body)) break;
    state.valid_size = bytes.size() - rest.size();
  }
  return state;
}

}  // namespace hotline::services

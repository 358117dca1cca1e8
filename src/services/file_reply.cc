#include "services/file_reply.h"

#include <iterator>

namespace hotline::services {
namespace {

constexpr std::uint8_t kRootIsKnown = 1;

struct ReplyRow {
  FileMessageType type;
  std::string_view name;
};

// In the order of FileReply.
constexpr ReplyRow kReplyRows[] = {
    {FileMessageType::meta, "META"},       {FileMessageType::file, "FILE"},
    {FileMessageType::page, "PAGE"},       {FileMessageType::kept, "KEPT"},
    {FileMessageType::blocks, "BLOCKS"},   {FileMessageType::done, "DONE"},
    {FileMessageType::error, "ERROR"},     {FileMessageType::quota, "QUOTA"},
    {FileMessageType::uploads, "UPLOADS"},
};
static_assert(std::size(kReplyRows) == std::variant_size_v<FileReply>);

std::unexpected<FileFault> malformed_reply(std::string_view text) {
  return std::unexpected(FileFault{.text = std::string(text)});
}

// Each message as it is written and read.

void put_value(FilePayloadWriter& writer, const MetaReply& reply) {
  writer.put_meta(reply.meta);
  writer.put_number(reply.root ? kRootIsKnown : std::uint8_t{0});
  writer.put(reply.root.value_or(BlockHash{}).bytes);
  writer.put_digest(reply.digest);
}

void take_value(FilePayloadReader& reader, MetaReply& reply) {
  reply.meta = reader.meta();
  const bool is_known = reader.flags(kRootIsKnown) != 0;
  const BlockHash root = reader.hash();
  if (is_known) reply.root = root;
  reply.digest = reader.digest();
  if (!is_known && root != BlockHash{}) reader.refuse("has a root that is not known");
  const bool has_content = is_known || reply.digest.kind != FileDigestKind::none;
  if (has_content && reply.meta.kind != FileKind::file) reader.refuse("has a hash of no file");
}

void put_value(FilePayloadWriter& writer, const SmallFileReply& reply) {
  writer.put_meta(reply.meta);
  writer.put(reply.root.bytes);
  writer.put_digest(reply.digest);
  writer.put(as_bytes(reply.content));
}

void take_value(FilePayloadReader& reader, SmallFileReply& reply) {
  reply.meta = reader.meta();
  reply.root = reader.hash();
  reply.digest = reader.digest();
  reply.content = as_text(reader.take_rest(kSmallFileMax));
  if (reply.meta.kind != FileKind::file) reader.refuse("has content of no file");
  if (reply.meta.size != reply.content.size()) reader.refuse("has not the size of its content");
}

void put_value(FilePayloadWriter& writer, const KeptReply& reply) {
  writer.put_number(reply.offset);
  writer.put(reply.root.bytes);
}

void take_value(FilePayloadReader& reader, KeptReply& reply) {
  reply.offset = reader.size();
  reply.root = reader.hash();
  if (reply.offset % kFileBlockBytes != 0) reader.refuse("has an offset within a block");
}

void put_value(FilePayloadWriter& writer, const DoneReply& reply) {
  writer.put(reply.version.bytes);
}

void take_value(FilePayloadReader& reader, DoneReply& reply) { reply.version = reader.version(); }

void put_value(FilePayloadWriter& writer, const FileError& error) {
  writer.put_number(static_cast<std::uint16_t>(error.code));
  writer.put_number(static_cast<std::uint8_t>(error.is_retryable));
  writer.put_number(error.detail);
  writer.put_number(error.kept);
  writer.put(as_bytes(std::string_view(error.text).substr(0, FileError::kTextMax)));
}

void take_value(FilePayloadReader& reader, FileError& error) {
  error.code = static_cast<FileErrorCode>(reader.number<std::uint16_t>());
  error.is_retryable = reader.flags(1) != 0;
  error.detail = reader.number<std::uint64_t>();
  error.kept = reader.size();
  error.text = as_text(reader.take_rest(FileError::kTextMax));
  if (error.code == FileErrorCode{}) reader.refuse("has the code 0");
}

/// Takes the reply with the index kIndex, or a later one.
template <std::size_t kIndex = 0>
void take_reply(FilePayloadReader& reader, std::size_t index, FileReply& reply) {
  if constexpr (kIndex < std::variant_size_v<FileReply>) {
    if (index != kIndex) return take_reply<kIndex + 1>(reader, index, reply);
    take_value(reader, reply.emplace<kIndex>());
  }
}

/// Returns the index of the type in FileReply; its size if there is none.
std::size_t index_of_reply(std::uint8_t type) {
  std::size_t index = 0;
  while (index < std::size(kReplyRows) &&
         static_cast<std::uint8_t>(kReplyRows[index].type) != type) {
    ++index;
  }
  return index;
}

}  // namespace

FileMessageType type_of(const FileReply& reply) { return kReplyRows[reply.index()].type; }

std::string encode_file_reply(const FileReply& reply) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  std::visit([&](const auto& each) { put_value(writer, each); }, reply);
  return bytes;
}

std::expected<FileReply, FileFault> decode_file_reply(std::uint8_t type, std::uint8_t flags,
                                                      Bytes payload) {
  if (flags != 0) return malformed_reply("a message has a flag");
  if (payload.size() > kFileMessageMax) return malformed_reply("a message is too long");
  const std::size_t index = index_of_reply(type);
  if (index == std::size(kReplyRows)) {
    return malformed_reply("a server does not send messages of this type");
  }
  FilePayloadReader reader(kReplyRows[index].name, payload);
  FileReply reply;
  take_reply(reader, index, reply);
  if (const auto taken = reader.finish(); !taken) return std::unexpected(taken.error());
  return reply;
}

std::string encode_hashes(const BlockRange& range) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  put_value(writer, range);
  return bytes;
}

std::expected<BlockRange, FileFault> decode_hashes(std::uint8_t type, std::uint8_t flags,
                                                   Bytes payload) {
  if (flags != 0) return malformed_reply("a message has a flag");
  if (type != static_cast<std::uint8_t>(FileMessageType::hashes)) {
    return malformed_reply("a client does not send messages of this type");
  }
  FilePayloadReader reader("HASHES", payload);
  BlockRange range;
  take_value(reader, range);
  if (const auto taken = reader.finish(); !taken) return std::unexpected(taken.error());
  return range;
}

}  // namespace hotline::services

#include "services/file_request.h"

#include <utility>

namespace hotline::services {
namespace {

constexpr std::uint8_t kRecursive = 1;   // LIST, REMOVE
constexpr std::uint8_t kNamesOnly = 2;   // LIST
constexpr std::uint8_t kWantsRoot = 1;   // STAT
constexpr std::uint8_t kParents = 1;     // PUT, FILE, MKDIR, MOVE, COPY
constexpr std::uint8_t kExecutable = 2;  // PUT, FILE
constexpr std::uint8_t kCopyTree = 2;    // COPY
constexpr std::uint8_t kSetTime = 1;     // SETMETA
constexpr std::uint8_t kSetExecutable = 2;
constexpr std::uint8_t kIsExecutable = 4;

std::uint8_t flag_if(bool is_set, std::uint8_t flag) { return is_set ? flag : std::uint8_t{0}; }

std::uint8_t flag_of(MissingParents parents) {
  return flag_if(parents == MissingParents::make, kParents);
}

MissingParents parents_of(std::uint8_t flags) {
  return (flags & kParents) != 0 ? MissingParents::make : MissingParents::fail;
}

FileDepth depth_of(std::uint8_t flag) { return flag != 0 ? FileDepth::tree : FileDepth::single; }

// Each request as it is written and read, after its kind.

void put_request(FilePayloadWriter& writer, const ListDirectory& request) {
  writer.put_text(request.path.text());
  writer.put_number(static_cast<std::uint8_t>(
      flag_if(request.depth == FileDepth::tree, kRecursive) |
      flag_if(request.detail == ListDirectory::Detail::names, kNamesOnly)));
  writer.put_number(request.cursor);
  writer.put_number(request.entries_max);
}

void take_request(FilePayloadReader& reader, ListDirectory& request) {
  request.path = reader.path();
  const std::uint8_t flags = reader.flags(kRecursive | kNamesOnly);
  request.depth = depth_of(flags & kRecursive);
  if ((flags & kNamesOnly) != 0) request.detail = ListDirectory::Detail::names;
  request.cursor = reader.number<std::uint64_t>();
  request.entries_max = reader.number<std::uint16_t>();
  if (request.depth == FileDepth::tree && request.cursor != 0) {
    reader.refuse("has a cursor in a tree");
  }
}

void put_request(FilePayloadWriter& writer, const StatFile& request) {
  writer.put_text(request.path.text());
  writer.put_number(flag_if(request.wants_root, kWantsRoot));
  writer.put_choice(request.digest);
}

void take_request(FilePayloadReader& reader, StatFile& request) {
  request.path = reader.path();
  request.wants_root = reader.flags(kWantsRoot) != 0;
  request.digest = reader.digest_kind();
}

void put_request(FilePayloadWriter& writer, const GetFile& request) {
  writer.put_text(request.path.text());
  writer.put_number(request.offset);
  writer.put_number(request.length);
  writer.put(request.version.bytes);
  writer.put_choice(request.digest);
}

void take_request(FilePayloadReader& reader, GetFile& request) {
  request.path = reader.named_path();
  request.offset = reader.size();
  request.length = reader.size();
  request.version = reader.version();
  request.digest = reader.digest_kind();
  if (request.offset % kFileBlockBytes != 0) reader.refuse("has an offset within a block");
  const bool is_whole = request.offset == 0 && request.length == 0;
  if (!is_whole && request.digest != FileDigestKind::none) {
    reader.refuse("wants the digest of a part");
  }
}

void put_request(FilePayloadWriter& writer, const PutFile& request) {
  writer.put_text(request.path.text());
  writer.put_number(static_cast<std::uint8_t>(flag_of(request.parents) |
                                              flag_if(request.is_executable, kExecutable)));
  writer.put_number(request.size);
  writer.put_time(request.modified);
  writer.put_replacement(request.replacement);
  writer.put(request.key);
  writer.put_choice(request.digest);
}

void take_request(FilePayloadReader& reader, PutFile& request) {
  request.path = reader.named_path();
  const std::uint8_t flags = reader.flags(kParents | kExecutable);
  request.parents = parents_of(flags);
  request.is_executable = (flags & kExecutable) != 0;
  request.size = reader.number<std::uint64_t>();
  request.modified = reader.time();
  request.replacement = reader.replacement();
  request.key = reader.array<sizeof(UploadKey)>();
  request.digest = reader.digest_kind();
  if (request.size > kFileSizeMax && request.size != kFileSizeUnknown) {
    reader.refuse("has a size that is too large");
  }
}

void put_request(FilePayloadWriter& writer, const PutSmallFile& request) {
  writer.put_text(request.path.text());
  writer.put_number(static_cast<std::uint8_t>(flag_of(request.parents) |
                                              flag_if(request.is_executable, kExecutable)));
  writer.put_time(request.modified);
  writer.put_replacement(request.replacement);
  writer.put(request.key);
  writer.put(request.root.bytes);
  writer.put(as_bytes(request.content));
}

void take_request(FilePayloadReader& reader, PutSmallFile& request) {
  request.path = reader.named_path();
  const std::uint8_t flags = reader.flags(kParents | kExecutable);
  request.parents = parents_of(flags);
  request.is_executable = (flags & kExecutable) != 0;
  request.modified = reader.time();
  request.replacement = reader.replacement();
  request.key = reader.array<sizeof(UploadKey)>();
  request.root = reader.hash();
  request.content = as_text(reader.take_rest(kSmallFileMax));
}

void put_request(FilePayloadWriter& writer, const MakeDirectory& request) {
  writer.put_text(request.path.text());
  writer.put_number(flag_of(request.parents));
}

void take_request(FilePayloadReader& reader, MakeDirectory& request) {
  request.path = reader.named_path();
  request.parents = parents_of(reader.flags(kParents));
}

void put_request(FilePayloadWriter& writer, const RemoveFile& request) {
  writer.put_text(request.path.text());
  writer.put_number(flag_if(request.depth == FileDepth::tree, kRecursive));
  writer.put(request.version.bytes);
}

void take_request(FilePayloadReader& reader, RemoveFile& request) {
  request.path = reader.named_path();
  request.depth = depth_of(reader.flags(kRecursive));
  request.version = reader.version();
}

void put_request(FilePayloadWriter& writer, const MoveFile& request) {
  writer.put_text(request.path.text());
  writer.put_text(request.target.text());
  writer.put_number(flag_of(request.parents));
  writer.put_replacement(request.replacement);
}

void take_request(FilePayloadReader& reader, MoveFile& request) {
  request.path = reader.named_path();
  request.target = reader.named_path();
  request.parents = parents_of(reader.flags(kParents));
  request.replacement = reader.replacement();
}

void put_request(FilePayloadWriter& writer, const CopyFile& request) {
  writer.put_text(request.path.text());
  writer.put_text(request.target.text());
  writer.put_number(static_cast<std::uint8_t>(
      flag_of(request.parents) | flag_if(request.depth == FileDepth::tree, kCopyTree)));
  writer.put_replacement(request.replacement);
}

void take_request(FilePayloadReader& reader, CopyFile& request) {
  request.path = reader.named_path();
  request.target = reader.named_path();
  const std::uint8_t flags = reader.flags(kParents | kCopyTree);
  request.parents = parents_of(flags);
  request.depth = depth_of(flags & kCopyTree);
  request.replacement = reader.replacement();
}

void put_request(FilePayloadWriter& writer, const SetFileMeta& request) {
  writer.put_text(request.path.text());
  writer.put_number(
      static_cast<std::uint8_t>(flag_if(request.modified.has_value(), kSetTime) |
                                flag_if(request.is_executable.has_value(), kSetExecutable) |
                                flag_if(request.is_executable.value_or(false), kIsExecutable)));
  writer.put_time(request.modified.value_or(FileTime{}));
  writer.put(request.version.bytes);
}

void take_request(FilePayloadReader& reader, SetFileMeta& request) {
  request.path = reader.named_path();
  const std::uint8_t flags = reader.flags(kSetTime | kSetExecutable | kIsExecutable);
  const FileTime time = reader.time();
  if ((flags & kSetTime) != 0) request.modified = time;
  if ((flags & kSetExecutable) != 0) request.is_executable = (flags & kIsExecutable) != 0;
  request.version = reader.version();
  const bool has_idle_time = !request.modified && time != FileTime{};
  const bool has_idle_flag = !request.is_executable && (flags & kIsExecutable) != 0;
  if (has_idle_time || has_idle_flag) reader.refuse("has a value that it does not set");
}

void put_request(FilePayloadWriter& writer, const GetHashes& request) {
  writer.put_text(request.path.text());
  writer.put(request.version.bytes);
  writer.put_number(request.first);
  writer.put_number(request.count);
}

void take_request(FilePayloadReader& reader, GetHashes& request) {
  request.path = reader.named_path();
  request.version = reader.version();
  request.first = reader.block();
  request.count = reader.number<std::uint16_t>();
  if (request.count == 0 || request.count > kBlockHashesMax) reader.refuse("has a wrong count");
}

void put_request(FilePayloadWriter& writer, const GetQuota& request) {
  if (!request.path.is_home()) writer.put_text(request.path.text());
}

void take_request(FilePayloadReader& reader, GetQuota& request) {
  if (reader.left() > 0) request.path = reader.named_path();
}

void put_request(FilePayloadWriter&, const ListUploads&) {}
void take_request(FilePayloadReader&, ListUploads&) {}

void put_request(FilePayloadWriter& writer, const DropUpload& request) { writer.put(request.key); }

void take_request(FilePayloadReader& reader, DropUpload& request) {
  request.key = reader.array<sizeof(UploadKey)>();
  if (request.key == UploadKey{}) reader.refuse("names no upload");
}

/// Takes the request whose kind has the number kIndex + 1, or a later one.
template <std::size_t kIndex = 0>
void take_kind(FilePayloadReader& reader, std::size_t index, FileRequest& request) {
  if constexpr (kIndex < std::variant_size_v<FileRequest>) {
    if (index != kIndex) return take_kind<kIndex + 1>(reader, index, request);
    take_request(reader, request.emplace<kIndex>());
  }
}

}  // namespace

FileRequestKind kind_of(const FileRequest& request) {
  static_assert(std::variant_size_v<FileRequest> ==
                static_cast<std::size_t>(FileRequestKind::drop));
  return static_cast<FileRequestKind>(request.index() + 1);
}

FileDigestKind digest_of(const FileRequest& request) {
  return std::visit(
      [](const auto& each) {
        if constexpr (requires { each.digest; }) {
          return each.digest;
        } else {
          return FileDigestKind::none;
        }
      },
      request);
}

std::string encode_file_request(const FileRequest& request) {
  std::string bytes(1, static_cast<char>(kind_of(request)));
  FilePayloadWriter writer(bytes);
  std::visit([&](const auto& each) { put_request(writer, each); }, request);
  return bytes;
}

std::expected<FileRequest, FileFault> decode_file_request(Bytes bytes, SessionFlows flows) {
  if (bytes.empty()) return std::unexpected(FileFault{.text = "the request is empty"});
  const auto kind = static_cast<FileRequestKind>(bytes[0]);
  const std::size_t number = std::to_integer<std::size_t>(bytes[0]);
  if (number == 0 || number > std::variant_size_v<FileRequest>) {
    return std::unexpected(FileFault{ResetCode::unsupported, "the kind of request is unknown"});
  }
  FilePayloadReader reader(name_of(kind), bytes.subspan(1));
  FileRequest request;
  take_kind(reader, number - 1, request);
  if (flows != flows_of(kind)) reader.refuse("has a wrong number of flows");
  if (const auto taken = reader.finish(); !taken) return std::unexpected(taken.error());
  return request;
}

}  // namespace hotline::services

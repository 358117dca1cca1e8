#include "services/file_page.h"

namespace hotline::services {
namespace {

constexpr std::uint8_t kLastPage = 1;
constexpr std::uint8_t kPageOfNames = 2;
constexpr std::uint8_t kPageOfTree = 4;

// A kind, and a name of one byte with its length; or a whole meta instead of the kind.
constexpr std::size_t kNameEntryMin = 4;
constexpr std::size_t kMetaEntryMin = 37;

void put_entry(FilePayloadWriter& writer, const FileEntry& entry, ListDirectory::Detail detail) {
  if (detail == ListDirectory::Detail::names) {
    writer.put_choice(entry.meta.kind);
  } else {
    writer.put_meta(entry.meta);
  }
  writer.put_text(entry.path.text());
}

FileEntry take_entry(FilePayloadReader& reader, const FilePage& page) {
  FileEntry entry;
  if (page.detail == ListDirectory::Detail::names) {
    entry.meta.kind = reader.choice(FileKind::other, "has an unknown kind of file");
  } else {
    entry.meta = reader.meta();
  }
  entry.path = page.depth == FileDepth::tree ? reader.named_path() : reader.name();
  return entry;
}

void check_page(FilePayloadReader& reader, const FilePage& page) {
  const bool ends_here = page.is_last || page.depth == FileDepth::tree;
  if (ends_here != (page.cursor == 0)) reader.refuse("has a wrong cursor");
  if (page.entries.empty() && !page.is_last) reader.refuse("has no entry and is not the last");
}

}  // namespace

void put_value(FilePayloadWriter& writer, const FilePage& page) {
  std::uint8_t flags = 0;
  if (page.is_last) flags |= kLastPage;
  if (page.detail == ListDirectory::Detail::names) flags |= kPageOfNames;
  if (page.depth == FileDepth::tree) flags |= kPageOfTree;
  writer.put_number(flags);
  writer.put_number(page.cursor);
  writer.put_number(static_cast<std::uint16_t>(page.entries.size()));
  for (const FileEntry& each : page.entries) put_entry(writer, each, page.detail);
}

void take_value(FilePayloadReader& reader, FilePage& page) {
  const std::uint8_t flags = reader.flags(kLastPage | kPageOfNames | kPageOfTree);
  page.is_last = (flags & kLastPage) != 0;
  if ((flags & kPageOfNames) != 0) page.detail = ListDirectory::Detail::names;
  if ((flags & kPageOfTree) != 0) page.depth = FileDepth::tree;
  page.cursor = reader.number<std::uint64_t>();
  const std::size_t count = reader.number<std::uint16_t>();
  const bool has_names = page.detail == ListDirectory::Detail::names;
  if (reader.left() / (has_names ? kNameEntryMin : kMetaEntryMin) < count) {
    return reader.refuse("is cut off");
  }
  page.entries.reserve(count);
  while (page.entries.size() < count && !reader.has_failed()) {
    page.entries.push_back(take_entry(reader, page));
  }
  check_page(reader, page);
}

}  // namespace hotline::services

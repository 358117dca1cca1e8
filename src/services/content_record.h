#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "services/block_list.h"
#include "services/file_payload.h"

// The records of the content flow of docs/wire/files.md. No I/O.

namespace hotline::services {

/// What each record begins with: 1 type, 1 flags, 4 length.
inline constexpr std::size_t kRecordHeaderBytes = 6;

/// What a DATA has before its bytes: the header, 8 offset, 4 raw length.
inline constexpr std::size_t kDataHeaderBytes = kRecordHeaderBytes + 12;

/// The flag of a DATA whose bytes are compressed. Not supported.
inline constexpr std::uint8_t kCompressedData = 1;

/// Bytes of a DATA.
struct ContentData {
  std::uint64_t offset = 0;
  Bytes bytes{};

  std::uint64_t length() const { return bytes.size(); }
};

/// HOLE: zeros that are not sent.
struct ContentHole {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< 1 to kContentHoleMax.

  bool operator==(const ContentHole&) const = default;
};

/// END: all content was sent.
struct ContentEnd {
  std::uint64_t size = 0;  ///< That of the whole file.
  std::optional<BlockHash> root{};
  FileDigest digest{};

  bool operator==(const ContentEnd&) const = default;
};

/// Returns what a DATA of `size` bytes has before them: 1 to kContentDataMax.
std::string encode_data_header(std::uint64_t offset, std::size_t size);

// Each returns a whole record.

std::string encode_record(const ContentHole& hole);
std::string encode_record(const BlockList& blocks);
std::string encode_record(const ContentEnd& end);

// Each takes the bytes of a record after its header.

void take_value(FilePayloadReader& reader, ContentHole& hole);
void take_value(FilePayloadReader& reader, ContentEnd& end);

}  // namespace hotline::services

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <variant>

#include "hotline/core/bytes.h"
#include "services/content_record.h"
#include "services/file_protocol.h"

namespace hotline::services {

/// What the content flow says next. monostate: more bytes are needed.
using ContentEvent = std::variant<std::monostate, ContentData, ContentHole, BlockList, ContentEnd>;

/// Takes the records of the content flow of docs/wire/files.md from bytes that arrive in any
/// pieces. The bytes of DATA pass through as they arrive; of the others one record at a time is
/// kept, at most kFileMessageMax. The order of records is not checked: see ContentProof. No
/// I/O.
class ContentReader {
 public:
  /// Removes bytes from the front of `input`, and returns the next event; monostate when `input` is
  /// empty. A ContentData is a view of `input`. After a fault it must not be used any more.
  std::expected<ContentEvent, FileFault> take(Bytes& input);

  /// Returns true if a record has begun and not ended.
  bool is_within_record() const { return data_left_ > 0 || !record_.empty(); }

 private:
  bool gather(Bytes& input, std::size_t size);
  std::expected<void, FileFault> check_header() const;
  std::expected<ContentEvent, FileFault> begin_data();
  std::expected<ContentEvent, FileFault> decode() const;
  ContentData take_data(Bytes& input);
  ContentRecordType type() const { return static_cast<ContentRecordType>(record_[0]); }
  std::size_t length() const;

  std::string record_{};  ///< The record that has begun, without bytes of DATA.
  std::uint64_t data_offset_ = 0;
  std::size_t data_left_ = 0;  ///< How many bytes of a DATA are still to come.
};

}  // namespace hotline::services

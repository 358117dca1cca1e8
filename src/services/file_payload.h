#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/byte_order.h"
#include "hotline/core/bytes.h"
#include "hotline/services/file_digest.h"
#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"
#include "hotline/services/file_requests.h"
#include "services/block_hash.h"
#include "services/file_protocol.h"

// The values of docs/wire/files.md, one after another without tags. No I/O.

namespace hotline::services {

using hotline::FileDigest;
using hotline::FileDigestKind;

/// Appends values to a string.
class FilePayloadWriter {
 public:
  /// `out` must outlive the writer.
  explicit FilePayloadWriter(std::string& out) : out_(out) {}

  template <std::unsigned_integral Number>
  void put_number(Number number) {
    std::array<std::byte, sizeof number> bytes;
    store_number<std::endian::big>(number, bytes.data());
    put(bytes);
  }

  template <typename Enum>
  void put_choice(Enum choice) {
    put_number(static_cast<std::uint8_t>(choice));
  }

  void put(Bytes bytes) { out_ += as_text(bytes); }

  /// 2 length, text. At most 65,535 bytes.
  void put_text(std::string_view text);

  void put_time(FileTime time);
  void put_meta(const FileMeta& meta);
  void put_replacement(const FileReplacement& replacement);
  void put_digest(const FileDigest& digest);

 private:
  std::string& out_;
};

/// Takes values from the bytes of a peer, one after another. After a fault it has no bytes left,
/// and the values mean nothing:
///
///     FilePayloadReader reader("GET", payload);
///     get.path = reader.named_path();
///     get.offset = reader.number<std::uint64_t>();
///     if (auto taken = reader.finish(); !taken) return std::unexpected(taken.error());
class FilePayloadReader {
 public:
  /// A view of `payload`. Faults begin with `name`, a literal.
  FilePayloadReader(std::string_view name, Bytes payload) : name_(name), rest_(payload) {}

  template <std::unsigned_integral Number>
  Number number() {
    const Bytes bytes = take(sizeof(Number));
    return bytes.empty() ? Number{} : load_number<std::endian::big, Number>(bytes.data());
  }

  template <std::size_t kSize>
  std::array<std::byte, kSize> array() {
    std::array<std::byte, kSize> value{};
    const Bytes bytes = take(kSize);
    if (!bytes.empty()) std::memcpy(value.data(), bytes.data(), kSize);
    return value;
  }

  /// Fault: a value after `last`.
  template <typename Enum>
  Enum choice(Enum last, std::string_view what) {
    const auto value = number<std::uint8_t>();
    if (value <= static_cast<std::uint8_t>(last)) return static_cast<Enum>(value);
    refuse(what);
    return Enum{};
  }

  /// Fault: a flag that is not one of `known`.
  std::uint8_t flags(std::uint8_t known);

  /// Returns `size` bytes. Fault: there are fewer.
  Bytes take(std::size_t size);

  /// Returns all bytes that are left. Fault: more than `max`.
  Bytes take_rest(std::size_t max);

  /// Fault: what is not a path.
  FilePath path();

  /// Fault: also the home.
  FilePath named_path();

  /// Fault: what is not one component of a path.
  FilePath name();

  /// Fault: over kFileSizeMax.
  std::uint64_t size();

  /// Returns the number of a block. Fault: no file has it.
  std::uint64_t block();

  FileTime time();
  FileVersion version() { return {array<FileVersion::kBytes>()}; }
  BlockHash hash() { return {array<BlockHash::kBytes>()}; }
  FileMeta meta();
  FileReplacement replacement();
  FileDigestKind digest_kind();
  FileDigest digest();

  std::size_t left() const { return rest_.size(); }

  /// Notes a fault: `reason` is the rest of a clause, `has an unknown kind`.
  void refuse(std::string_view reason);

  bool has_failed() const { return fault_.has_value(); }

  /// Returns the first fault. Fault: bytes are left.
  std::expected<void, FileFault> finish();

 private:
  std::string_view name_;
  Bytes rest_;
  std::optional<FileFault> fault_{};
};

}  // namespace hotline::services

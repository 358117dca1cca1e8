#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/services/file_meta.h"
#include "hotline/services/file_path.h"
#include "services/block_hash.h"
#include "services/file_payload.h"

// Values and content of docs/wire/files.md.

namespace hotline::test {

inline FilePath file_path(std::string_view text) { return FilePath::parse(text).value(); }

/// Returns 16 bytes: `first`, and each one more than the one before.
inline std::array<std::byte, 16> sample_bytes(unsigned first) {
  std::array<std::byte, 16> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(first + i);
  return bytes;
}

inline FileVersion sample_version() { return {sample_bytes(0x10)}; }

inline BlockHash sample_hash() { return {sample_bytes(0x20)}; }

inline FileMeta sample_meta() {
  return {.kind = FileKind::file,
          .is_executable = true,
          .size = 0x0102030405,
          .modified = FileTime(std::chrono::nanoseconds(-2)),
          .version = sample_version()};
}

inline FileDigest sample_digest(FileDigestKind kind) {
  FileDigest digest{.kind = kind};
  for (std::size_t i = 0; i < size_of(kind); ++i) digest.bytes[i] = static_cast<std::byte>(i + 1);
  return digest;
}

/// Returns `size` bytes that are different in each block.
inline std::string sample_content(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    content[i] = static_cast<char>(i * 31 + (i >> 8) * 7 + (i >> 20) * 3);
  }
  return content;
}

}  // namespace hotline::test

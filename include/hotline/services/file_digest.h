#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hotline/core/public.h"

// How content of the file service is compared: docs/wire/files.md.

namespace hotline HOTLINE_PUBLIC {

/// The size of a block that is hashed; the last one of a file may be shorter.
inline constexpr std::uint64_t kFileBlockBytes = 1U << 20;

/// The most hashes that are asked for at once.
inline constexpr std::size_t kBlockHashesMax = 4'000;

/// An XXH3-128 hash in canonical form: of a block, or the root of a file, which is that of the
/// hashes of its blocks and its size. It detects errors, not attacks.
struct BlockHash {
  static constexpr std::size_t kBytes = 16;

  std::array<std::byte, kBytes> bytes{};

  bool operator==(const BlockHash&) const = default;
};

/// A digest of the whole content that a user asks for.
enum class FileDigestKind : std::uint8_t { none, sha256, md5 };

/// The most bytes of a digest.
inline constexpr std::size_t kFileDigestMax = 32;

/// Returns how many bytes a digest of that kind has.
constexpr std::size_t size_of(FileDigestKind kind) {
  switch (kind) {
    case FileDigestKind::sha256: return 32;
    case FileDigestKind::md5: return 16;
    default: return 0;
  }
}

/// The digest of a content. A value.
struct FileDigest {
  FileDigestKind kind = FileDigestKind::none;
  std::array<std::byte, kFileDigestMax> bytes{};  ///< The first size_of(kind); the others are 0.

  bool operator==(const FileDigest&) const = default;
};

}  // namespace hotline

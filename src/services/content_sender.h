#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "hotline/core/bytes.h"
#include "services/block_hashes.h"
#include "services/content_record.h"

namespace hotline::services {

/// Makes the records of the content flow of docs/wire/files.md, in their order: of GET at the
/// server, of PUT at the client. The caller sends what it returns, and in between the bytes of DATA
/// themselves, which are not copied:
///
///     ContentSender sender({.begin = 0});
///     while (...) { send(sender.begin_data(bytes)); send(bytes); }
///     send(sender.end({.size = size}));
///
/// The hash of each block goes out before the content that follows the block. No I/O. Move only.
/// Throws std::bad_alloc.
class ContentSender {
 public:
  struct Begin {
    std::uint64_t begin = 0;  ///< Where a block begins.
    /// The hashes of all blocks before `begin`; empty if they are not known.
    std::span<const BlockHash> before{};
  };

  /// What END says.
  struct End {
    std::uint64_t size = 0;  ///< That of the whole file.
    FileDigest digest{};
  };

  explicit ContentSender(Begin begin);

  /// Returns what is to be sent before `bytes`, which are the next ones: 1 to kContentDataMax.
  std::string begin_data(Bytes bytes);

  /// Returns what is to be sent for the next `length` zeros, in 1 GiB at a time.
  std::string hole(std::uint64_t length);

  /// Returns the rest. It has the root if the content reaches to the end of the file and the hashes
  /// of all blocks are known. Once.
  std::string end(const End& end);

  /// Returns where the next byte of the file belongs.
  std::uint64_t position() const { return hashes_.size(); }

  /// Returns the number of the first block of unsent().
  std::uint64_t first_unsent() const { return hashes_.first_ready(); }

  /// Returns the hashes of whole blocks that the next record will contain. Valid until the next
  /// change.
  std::span<const BlockHash> unsent() const { return hashes_.ready(); }

 private:
  std::string ready_blocks();

  bool knows_before_;
  BlockHashes hashes_;
};

}  // namespace hotline::services

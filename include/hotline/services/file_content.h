#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/services/file_digest.h"
#include "hotline/services/file_meta.h"

namespace hotline HOTLINE_PUBLIC {

/// What takes the content of a file from a FileClient. Each may be empty. They may wait as library
/// functions do: the server waits too. A failure ends the transfer, which returns it.
///
/// The content is to be believed only when FileClient::get() has succeeded; before that, the blocks
/// that on_blocks has named are what the server has sent.
struct ContentSink {
  /// Gets what is known of the file before its content: its size and version.
  std::function<Result<void>(const FileMeta& meta)> on_begin{};

  /// Gets the next bytes. They belong at `offset` of the file.
  std::function<Result<void>(std::uint64_t offset, Bytes bytes)> on_data{};

  /// Gets the next zeros, which need not be written to a new file. Without it, and for zeros at the
  /// end too, on_data gets them.
  std::function<Result<void>(std::uint64_t offset, std::uint64_t length)> on_hole{};

  /// Gets the hashes of blocks that have arrived whole and unchanged.
  std::function<Result<void>(std::uint64_t first, std::span<const BlockHash> hashes)> on_blocks{};
};

/// A piece of content: bytes, or zeros that are not in memory. Neither: the content has ended.
struct ContentPiece {
  Bytes bytes{};
  std::uint64_t zeros = 0;

  bool is_end() const { return bytes.empty() && zeros == 0; }
};

/// Where the content that a FileClient puts comes from.
struct ContentSource {
  /// Returns what follows at `offset`, valid until the next call. Called from 0 on, or after what
  /// need not be read, without gaps. Only an upload with a key can go back: the server asks for it
  /// if it has kept something else. May wait as library functions do. A failure ends the transfer,
  /// which returns it; what the server has got is kept if the upload has a key.
  std::function<Result<ContentPiece>(std::uint64_t offset)> next{};

  /// The hashes of the first blocks, if they are known from an earlier attempt: these blocks are
  /// not read again. Not with a digest.
  std::vector<BlockHash> known{};

  /// Returns the hashes of whole blocks of the content. It is called on another fiber while next()
  /// is: what the server has kept is compared while what follows is sent, and the end is sent once
  /// all of it is found to be the same. If it differs, the upload begins anew at the first block
  /// that does. Fails as next(). If it is empty, the size is not known, or there is a digest, which
  /// needs the content in order, next() reads what is kept, and it is compared before anything is
  /// sent.
  std::function<Result<std::vector<BlockHash>>(std::uint64_t first, std::size_t count)> hashes{};

  /// Gets the offset of the first byte that is sent, after what the server has kept: a second time,
  /// with a lower one, if what it has kept differs. May be empty.
  std::function<void(std::uint64_t offset)> on_begin{};

  /// Gets the hash of each block that is sent, or compared with what the server has kept, in order.
  /// After the blocks were sent anew because they differ, it gets them again. May be empty.
  std::function<void(std::uint64_t block, const BlockHash& hash)> on_block{};
};

/// Returns a source of bytes that are in memory, and must stay valid.
ContentSource content_of(Bytes bytes);

}  // namespace hotline

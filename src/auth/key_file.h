#pragma once

#include <string>
#include <vector>

#include "hotline/auth/key_record.h"
#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/core/secret.h"

namespace hotline::auth {

/// The content of a file with one list of keys, as docs/wire/tls.md describes it. A value.
struct KeyFile {
  static constexpr std::size_t kKeysMax = 10'000;
  static constexpr std::size_t kBytesMax = 2 << 20;

  KeyList list = KeyList::callers;
  std::string server_id;           ///< The id of the home; empty in the list of credentials.
  std::vector<KeyRecord> records;  ///< No two have the same name and server.

  /// Parses `content`, which was read from the file `path`. Fails with `invalid_argument`, and with
  /// `unsupported` for a file of another version; the error names the file and the line.
  static Result<KeyFile> parse(Bytes content, KeyList list, const std::string& path);

  /// Returns the content of the file.
  Secret format() const;
};

}  // namespace hotline::auth

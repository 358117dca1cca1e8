#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/auth/key_record.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// The key files of one home, to be changed. They are in one directory, made when it is needed, and
/// only their owner has access to them: a file or directory that others can read, or that another
/// user owns, is refused. A change is written completely or not at all; programs that change the
/// same home at the same time wait for each other, and fail with `timed_out` if that takes longer
/// than their patience. Every call reads the files anew and blocks its thread. Any thread.
class KeyStore {
 public:
  /// What add() did.
  enum class Added : std::uint8_t { now, before };

  explicit KeyStore(std::string directory,
                    std::chrono::milliseconds patience = std::chrono::seconds(10))
      : directory_(std::move(directory)), patience_(patience) {}

  const std::string& directory() const { return directory_; }

  /// Returns the keys of both lists, callers first. A home without files has none. Fails as
  /// PrivateDirectory and KeyFile do, with an error that names the file, and its line.
  Result<std::vector<KeyRecord>> read() const;

  /// Makes a random key for a caller and adds it to the callers. The first one makes the server id
  /// of the home. Fails with `invalid_argument` if the name is not allowed, or taken, and with
  /// `resource_exhausted` if the list is full.
  Result<Key> create(std::string_view name) const;

  /// Adds a key that another home made to the credentials. Fails with `invalid_argument` if there
  /// is another key of that name for that server.
  Result<Added> add(const Key& key) const;

  /// Removes the key that `wanted` selects, and returns it. Fails with `not_found` if there is
  /// none, and with `invalid_argument` if there are several.
  Result<KeyRecord> remove(const KeySelector& wanted) const;

 private:
  std::string directory_;
  std::chrono::milliseconds patience_;  ///< For the programs that change the home at the time.
};

/// Returns the one key in `records` that `wanted` selects. Fails as KeyStore::remove() does.
Result<KeyRecord> find_key(const std::vector<KeyRecord>& records, const KeySelector& wanted);

}  // namespace hotline

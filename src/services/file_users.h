#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "services/file_user.h"

namespace hotline::services {

/// The directory of the files that describe users: NAME.toml each. One fiber at a time; the calls
/// suspend it.
class FileUsers {
 public:
  /// The longest file that is read.
  static constexpr std::size_t kFileBytesMax = 64U << 10;

  explicit FileUsers(Directory directory);

  /// Reads all files. A user whose file cannot be read stays as it was; one whose file was removed
  /// is removed. Returns why files cannot be read.
  std::vector<Error> reload();

  /// Returns null if there is none. As of the last reload() or save().
  const FileUser* find(std::string_view name) const;
  const FileUser* find_uid(std::uint32_t uid) const;

  /// Returns all of them, by their names.
  const std::map<std::string, FileUser, std::less<>>& all() const { return users_; }

  /// Writes the file of a user, in place of an older one, durably.
  Result<void> save(const FileUser& user);

  /// Removes the file of a user; its home stays. Fails with `not_found`.
  Result<void> remove(std::string_view name);

 private:
  Result<std::string> read(const std::string& file_name) const;

  Directory directory_;
  std::map<std::string, FileUser, std::less<>> users_{};
};

/// Returns true if `fault`, of FileUsers::reload(), is why the file of `user` cannot be used.
bool is_about(const Error& fault, std::string_view user);

}  // namespace hotline::services

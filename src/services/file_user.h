#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "services/file_limits.h"
#include "services/file_quota.h"
#include "services/quota_account.h"

// The files that describe users, one each, as TOML. No I/O.

namespace hotline::services {

/// A user of the file service, as its file describes it:
///
///     quota = "10GiB"       # bytes; left out: no limit
///     entries = 1_000_000   # names; left out: no limit
///     rights = "rwod"       # read, write, overwrite, delete; left out: all
///     uid = 1000            # of the system, for callers on unix://
///     disabled = true
///
///     [shares]              # besides the home, with the rights there
///     team = "rw"
struct FileUser {
  std::string name{};
  FileUsage limits{kNoQuota, kNoQuota};
  FileRights rights{.can_read = true, .can_write = true, .can_overwrite = true, .can_remove = true};
  std::optional<std::uint32_t> uid{};
  bool is_disabled = false;
  std::map<std::string, FileRights, std::less<>> shares{};

  bool operator==(const FileUser&) const = default;
};

/// Returns true for a name of a user or share: 1 to 32 characters out of a-z, 0-9, `_`, `.` and
/// `-`, the first of which is not `.`.
bool is_file_user_name(std::string_view name);

/// Returns the user that `text`, the content of its file, describes. Unknown keys, values of
/// another type and a file that does not end with a newline are refused. Fails with
/// `invalid_argument`, which names the line.
Result<FileUser> parse_file_user(std::string_view name, std::string_view text);

/// Returns the text of its file.
std::string format_file_user(const FileUser& user);

/// Returns the rights of letters out of `rwod`, each at most once; nullopt for anything else.
std::optional<FileRights> parse_file_rights(std::string_view text);
std::string format_file_rights(const FileRights& rights);

}  // namespace hotline::services

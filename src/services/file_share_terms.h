#pragma once

#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "services/described_files.h"
#include "services/quota_account.h"

// The files that describe shares, one each, as TOML. No I/O.

namespace hotline::services {

/// What a share may take, as its file says it. The files of users say which of them see it.
///
///     quota = "10GiB"       # bytes; left out: no limit
///     entries = 1_000_000   # names; left out: no limit
struct FileShareTerms {
  std::string name{};
  FileUsage limits{kNoQuota, kNoQuota};

  bool operator==(const FileShareTerms&) const = default;
};

/// Returns the share that `text`, the content of its file, describes. Fails as parse_file_user().
Result<FileShareTerms> parse_file_share(std::string_view name, std::string_view text);

/// Returns the text of its file.
std::string format_file_share(const FileShareTerms& terms);

using FileShareFiles = DescribedFiles<FileShareTerms, parse_file_share, format_file_share>;

}  // namespace hotline::services

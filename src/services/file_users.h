#pragma once

#include <cstdint>

#include "services/described_files.h"
#include "services/file_user.h"

namespace hotline::services {

/// The users of a store, as their files describe them.
class FileUsers : public DescribedFiles<FileUser, parse_file_user, format_file_user> {
 public:
  using DescribedFiles::DescribedFiles;

  /// Returns null if there is none. As of the last reload() or save(). Never waits.
  const FileUser* find_uid(std::uint32_t uid) const;
};

}  // namespace hotline::services

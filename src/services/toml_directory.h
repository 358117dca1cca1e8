#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"

namespace hotline::services {

/// A directory of files NAME.toml, as text. Files with other names are left alone. One fiber at a
/// time; the calls suspend it.
class TomlDirectory {
 public:
  /// The longest file that is read.
  static constexpr std::size_t kFileBytesMax = 64U << 10;

  explicit TomlDirectory(Directory directory) : directory_(std::move(directory)) {}

  /// Returns the names that have a file: those that is_file_user_name() takes.
  Result<std::vector<std::string>> names() const;

  Result<std::string> read(std::string_view name) const;

  /// Writes a file, in place of an older one, durably.
  Result<void> write(std::string_view name, std::string_view text) const;

  /// Fails with `not_found` if there is none.
  Result<void> remove(std::string_view name) const;

 private:
  Directory directory_;
};

/// Returns true if `fault` is why the file of `name` cannot be used.
bool is_about(const Error& fault, std::string_view name);

}  // namespace hotline::services

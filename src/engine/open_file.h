#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/core/error.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// An open file or directory, and the path with which errors name it.
struct OpenFile {
  OpenFile(int descriptor, std::string name) : fd(descriptor), path(std::move(name)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  /// Closes it.
  ~OpenFile();

  UniqueFd fd;
  std::string path;
};

/// Returns the Error for a negated errno or a negated end code of a file call. `operation` must be
/// a literal.
Error disk_error(std::int64_t code, std::string_view operation, const std::string& path);

}  // namespace hotline::engine

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/result.h"
#include "hotline/engine/spill_file.h"

namespace hotline::cli {

/// One temporary file for the outputs of many commands, made when the first bytes come. Fibers of
/// one thread may use it at once; the functions suspend them.
class SharedSpill {
 public:
  /// Writes `bytes`, and returns where they are. Fails as SpillFile::make() and
  /// SpillFile::write().
  Result<std::uint64_t> add(Bytes bytes);

  /// Returns bytes that were added. Fails as SpillFile::read().
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;

 private:
  std::optional<SpillFile> file_;
  std::uint64_t end_ = 0;
};

}  // namespace hotline::cli

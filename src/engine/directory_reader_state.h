#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/file_kernel.h"
#include "engine/open_file.h"
#include "hotline/engine/directory_reader.h"

namespace hotline {

struct DirectoryReader::State {
  State(std::unique_ptr<engine::OpenFile> opened, EntriesOptions wanted)
      : file(std::move(opened)), options(wanted), position(wanted.from) {}

  /// Appends at most `max` names to `found`. Returns a negated errno if that fails.
  int read(engine::FileKernel& kernel, std::size_t max, std::vector<DirectoryEntry>& found);

  std::unique_ptr<engine::OpenFile> file;
  EntriesOptions options;
  std::uint64_t position;                 ///< After what next() has returned.
  std::vector<engine::ListedName> names;  ///< Listed and not returned, from `used` on.
  std::size_t used = 0;
  bool is_placed = false;
  int outcome = 1;  ///< The last one of list().

 private:
  int list(engine::FileKernel& kernel);
  void take(engine::FileKernel& kernel, std::vector<DirectoryEntry>& found);
};

}  // namespace hotline

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"

namespace hotline HOTLINE_PUBLIC {

/// A temporary file without a name, for bytes that are too many for memory. Only this program can
/// read it, and it is gone when the program ends, however it ends. Any thread; calls at the same
/// time must not touch the same bytes. Reads and writes run on the threads of offload(), so that
/// they do not block a loop, and suspend the fiber; each copies the bytes. In simulated worlds too
/// it is a real file.
class SpillFile {
 public:
  /// Makes a file in `directory`; if that is empty in TMPDIR, or else /var/tmp. Fails as open(2)
  /// does, and with `unsupported` if the file system has no unnamed files (O_TMPFILE).
  static Result<SpillFile> make(std::string directory = {});

  /// Writes all of `bytes` at `offset`. Fails as pwrite(2), with `resource_exhausted` if the file
  /// system is full, and as offload().
  Result<void> write(std::uint64_t offset, Bytes bytes);

  /// Reads `size` bytes at `offset`, all of which were written before. Fails as pread(2), with
  /// `truncated` if they were not, and as offload().
  Result<std::string> read(std::uint64_t offset, std::size_t size) const;

  /// Gives back the storage of what is before `offset`, as far as the file system can; reads of
  /// it return zeros. Fails as offload().
  Result<void> discard_before(std::uint64_t offset);

 private:
  explicit SpillFile(UniqueFd file) : file_(std::make_shared<UniqueFd>(std::move(file))) {}

  std::shared_ptr<UniqueFd> file_;  ///< Shared with work that goes on after its caller gave up.
};

}  // namespace hotline

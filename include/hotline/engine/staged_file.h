#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// A new file that gets its name only when it is complete: until publish() its name ends with
/// `.partial`, also if the program is killed. Only its owner can read it. One fiber or thread at a
/// time. In simulated worlds too it is a real file.
///
///     auto file = StagedFile::make("out/report");
///     if (auto added = file->append(bytes); !added) return added;
///     return file->publish();
class StagedFile {
 public:
  static constexpr std::string_view kPartial = ".partial";

  /// Removes the file `path`, and a partial one of that name, so that an old file is not mistaken
  /// for a new one. Succeeds if there is none. Fails as unlink(2) does, also for a directory.
  /// Blocks.
  static Result<void> remove_old(const std::string& path);

  /// Makes the file `path` + kPartial with mode 0600. Fails as open(2) does, also if there is one.
  /// Blocks.
  static Result<StagedFile> make(std::string path);

  StagedFile(StagedFile&&) noexcept;
  StagedFile& operator=(StagedFile&&) noexcept;
  /// Removes an unpublished file without bytes. One with bytes keeps its partial name.
  ~StagedFile();

  // The following copy what they need, run on the threads of offload() and suspend the fiber. They
  // fail as offload(), with `resource_exhausted` if the file system is full, and as below. Not
  // after publish().

  /// Writes all of `bytes` at the end. Fails as write(2).
  Result<void> append(Bytes bytes);

  /// Closes the file and gives it its name, in place of an older file. It is not flushed to the
  /// disk. Fails as close(2) and rename(2).
  Result<void> publish();

  /// Returns how many bytes were appended.
  std::uint64_t size() const;

  /// Returns the name that the file has now.
  std::string path() const;

 private:
  struct State;

  explicit StagedFile(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;  ///< Shared with work that goes on after its caller gave up.
};

}  // namespace hotline

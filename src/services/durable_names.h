#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_set>

namespace hotline::services {

/// Which directories have names that are known to be on the disk, by their inodes: what is stored
/// in others is lost with them in a power cut. Forgets the oldest knowledge if there is too much.
/// Any thread; never waits.
class DurableNames {
 public:
  static constexpr std::size_t kDirectoriesMax = 65'536;

  bool contains(std::uint64_t inode) const;

  /// Returns a number for note(), before the disk is waited for.
  std::uint64_t changes() const;

  /// Notes that the disk has the name of a directory, unless names have changed since `changes`.
  void note(std::uint64_t inode, std::uint64_t changes);

  /// Notes that a directory has a new name.
  void note_changed(std::uint64_t inode);

  /// Notes that some directory has.
  void clear();

 private:
  mutable std::mutex mutex_;  ///< For the following.
  std::unordered_set<std::uint64_t> inodes_{};
  std::uint64_t changes_ = 0;
};

}  // namespace hotline::services

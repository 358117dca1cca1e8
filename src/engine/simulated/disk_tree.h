#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/simulated/file_content.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/file_status.h"

namespace hotline::engine {

struct DiskInode;

/// What a name in a directory leads to.
struct DiskName {
  DiskInode* inode = nullptr;
  std::uint64_t position = 0;  ///< Rises with each name that is made.
};

/// A change of names in one directory, which a power cut undoes or leaves as a whole.
struct NameChange {
  /// New names; an inode that is null removes the name.
  std::vector<std::pair<std::string, DiskName>> steps{};
  /// A move between two directories is a change in each, both or none of which are on the disk.
  DiskInode* partner = nullptr;
  std::uint64_t number = 0;  ///< The same for both.
};

/// A file or directory of a simulated host.
struct DiskInode {
  struct Attributes {
    unsigned mode = 0;
    DiskTime modified{};
  };

  FileStatus status() const;
  bool is_directory() const { return kind == EntryKind::directory; }

  std::uint64_t number = 0;
  EntryKind kind = EntryKind::file;
  DiskInode* parent = nullptr;  ///< The directory that has its name; null if it has none.
  Attributes attributes;
  Attributes durable_attributes;
  DiskTime changed{};
  DiskTime born{};
  const void* lock_holder = nullptr;

  FileContent content;  ///< Only a file has one.

  // Only a directory has these.
  std::map<std::string, DiskName> names;
  std::map<std::string, DiskName> durable_names;  ///< As they are on the disk.
  std::vector<NameChange> changes;                ///< Made since the last sync.
};

/// The file system of a simulated host, in memory. Results are negated errnos. A power cut keeps
/// any of the writes to a file since its last sync, and of the changes of a directory as many as it
/// likes, in their order.
class DiskTree {
 public:
  DiskTree();
  DiskTree(const DiskTree&) = delete;
  DiskTree& operator=(const DiskTree&) = delete;

  DiskInode& root() { return *inodes_.begin()->second; }

  /// What a path leads to.
  struct Found {
    int failed = 0;  ///< Why there can be nothing.
    DiskInode* directory = nullptr;
    std::string name{};          ///< Empty: it is `directory`.
    DiskInode* inode = nullptr;  ///< Null: nothing has that name.
  };

  /// Follows `path` from `from`, and never out of it: openat2(2), RESOLVE_BENEATH.
  Found find(DiskInode& from, std::string_view path) const;

  /// Makes something new with a name that is free.
  DiskInode& make(DiskInode& directory, const std::string& name, EntryKind kind, unsigned mode,
                  DiskTime now);
  int remove(DiskInode& directory, const std::string& name, EntryKind kind, DiskTime now);
  int rename(DiskInode& from, const std::string& name, DiskInode& to, const std::string& new_name,
             Directory::Existing existing, DiskTime now);

  /// Puts all changes of `inode` on the disk, and those changes of other directories that they
  /// need.
  void sync(DiskInode& inode);

  /// The machine stops, and starts again with what is on the disk.
  void cut_power(Chance& chance);

 private:
  DiskInode& add(EntryKind kind, unsigned mode, DiskTime now);
  void change(DiskInode& directory, NameChange change, DiskTime now);
  static void commit(DiskInode& directory, std::size_t count);
  void choose_changes(Chance& chance, std::map<DiskInode*, std::size_t>& kept) const;
  void find_parents(DiskInode& directory);

  std::map<std::uint64_t, std::unique_ptr<DiskInode>> inodes_;  ///< Also those without a name.
  std::uint64_t next_number_ = 2;  ///< For inodes, positions and changes.
};

}  // namespace hotline::engine

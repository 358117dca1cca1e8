#pragma once

#include "engine/simulated/disk_tree.h"
#include "engine/simulated/node.h"

namespace hotline::engine {

/// An open file or directory of a simulated host.
class FileNode final : public Node {
 public:
  FileNode(SimulatedHost& where, DiskInode& opened, bool may_write)
      : Node(where), inode(opened), is_writable(may_write) {}

  std::string_view kind() const override { return "file"; }
  bool is_ready(Direction) const override { return true; }
  void close() override {
    if (inode.lock_holder == this) inode.lock_holder = nullptr;
  }

  DiskInode& inode;
  const bool is_writable;
  std::uint64_t position = 0;  ///< Names up to here have been listed.
};

}  // namespace hotline::engine

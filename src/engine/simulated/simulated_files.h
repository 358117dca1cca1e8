#pragma once

#include <string_view>

#include "engine/file_kernel.h"
#include "engine/simulated/disk_tree.h"
#include "engine/simulated/file_node.h"
#include "hotline/engine/fault_plan.h"

namespace hotline::engine {

class SimulatedLoop;
struct Universe;

/// Answers the calls on files of the programs in a world from the trees of their hosts, and injects
/// the faults of disks. A killed program changes nothing.
class SimulatedFiles final : public FileKernel {
 public:
  SimulatedFiles(SimulatedLoop& loop, Universe& universe) : loop_(loop), universe_(universe) {}

  int open_directory(const std::string& path) override;
  int open_beneath(int directory, const std::string& path, const OpenRequest& request) override;
  int close(UniqueFd fd) override;
  int duplicate(int fd) override;
  int status(int fd, FileStatus& status) override;
  int status_of(int directory, const std::string& name, Patience patience,
                FileStatus& status) override;
  std::int64_t read_at(int fd, std::uint64_t offset, MutableBytes room, Patience patience) override;
  std::int64_t write_at(int fd, std::uint64_t offset, Bytes bytes) override;
  int allocate(int fd, std::uint64_t offset, std::uint64_t size) override;
  int truncate(int fd, std::uint64_t size) override;
  int sync_data(int fd) override;
  int sync(int fd) override;
  int begin_sync(int fd, std::uint64_t offset, std::uint64_t size) override;
  int set_modified(int fd, DiskTime time) override;
  int set_mode(int fd, unsigned mode) override;
  std::int64_t find_data(int fd, std::uint64_t offset) override;
  std::int64_t find_hole(int fd, std::uint64_t offset) override;
  std::int64_t copy_range(int from, int to, std::uint64_t offset, std::uint64_t size) override;
  int make_directory(int directory, const std::string& name, unsigned mode) override;
  int remove_file(int directory, const std::string& name) override;
  int remove_directory(int directory, const std::string& name) override;
  int rename(int from, const std::string& name, int to, const std::string& new_name,
             Directory::Existing existing) override;
  int list(int fd, std::vector<ListedName>& names) override;
  int seek(int fd, std::uint64_t position) override;
  int space(int fd, FileSpace& space) override;
  int try_lock(int fd) override;
  int unlock(int fd) override;
  int probe_confinement() override { return 0; }

 private:
  DiskTree& tree();
  DiskTime now();
  bool strikes(Fault fault);
  int interruption();
  int lack_of_space();
  bool wants_patience(Patience patience);
  std::size_t shortened(std::size_t size);
  FileNode* find(int fd) const;
  int find_directory(int fd, FileNode*& node) const;
  int find_writable(int fd, FileNode*& node) const;
  int open(DiskInode& inode, bool is_writable);
  int open_found(const DiskTree::Found& found, const OpenRequest& request);
  int remove(int directory, const std::string& name, EntryKind kind);
  int fail_sync(FileNode& node);
  void note_change(DiskInode& inode);
  template <typename Number>
  Number traced(std::string_view call, int fd, Number result);

  SimulatedLoop& loop_;
  Universe& universe_;
};

}  // namespace hotline::engine

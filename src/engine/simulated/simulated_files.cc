#include "engine/simulated/simulated_files.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "engine/simulated/simulated_loop.h"

namespace hotline::engine {
namespace {

constexpr std::uint64_t kOffsetMax = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kListedAtOnce = 16;
constexpr std::size_t kCopiedAtOnceMax = 64 * 1024;
constexpr std::uint64_t kDiskBytes = 1ULL << 40;
constexpr std::uint64_t kDiskEntries = 1ULL << 20;

bool is_too_far(std::uint64_t offset, std::uint64_t size) {
  return offset > kOffsetMax || size > kOffsetMax - offset;
}

}  // namespace

DiskTree& SimulatedFiles::tree() {
  SimulatedHost& host = loop_.program().host;
  if (!host.tree) host.tree = std::make_shared<DiskTree>();
  return *host.tree;
}

DiskTime SimulatedFiles::now() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(
      universe_.wall_clock(loop_.program().host));
}

bool SimulatedFiles::strikes(Fault fault) {
  return universe_.strikes(fault, loop_.program().host.name);
}

/// Returns why a call does nothing at all, or 0.
int SimulatedFiles::interruption() {
  if (!loop_.program().is_alive) return -EIO;
  return strikes(Fault::file_interruption) ? -EINTR : 0;
}

int SimulatedFiles::lack_of_space() {
  if (!strikes(Fault::disk_full)) return 0;
  return universe_.chance.below(2) == 0 ? -ENOSPC : -EDQUOT;
}

/// What a program wants to know may or may not be in memory.
bool SimulatedFiles::wants_patience(Patience patience) {
  return patience == Patience::none && universe_.chance.below(2) == 0;
}

std::size_t SimulatedFiles::shortened(std::size_t size) {
  if (size <= 1 || !strikes(Fault::short_file_call)) return size;
  return 1 + universe_.chance.below(size - 1);
}

template <typename Number>
Number SimulatedFiles::traced(std::string_view call, int fd, Number result) {
  universe_.trace.note(universe_.elapsed(), loop_.program().host.name, call, fd, result);
  return result;
}

FileNode* SimulatedFiles::find(int fd) const {
  return loop_.is_dead() ? nullptr : loop_.descriptors().find_as<FileNode>(fd);
}

int SimulatedFiles::find_directory(int fd, FileNode*& node) const {
  node = find(fd);
  if (node == nullptr) return -EBADF;
  return node->inode.is_directory() ? 0 : -ENOTDIR;
}

int SimulatedFiles::find_writable(int fd, FileNode*& node) const {
  node = find(fd);
  return node == nullptr || !node->is_writable ? -EBADF : 0;
}

int SimulatedFiles::open(DiskInode& inode, bool is_writable) {
  SimulatedHost& host = loop_.program().host;
  return loop_.open(std::make_shared<FileNode>(host, inode, is_writable));
}

int SimulatedFiles::open_directory(const std::string& path) {
  if (const int failed = interruption(); failed < 0) return failed;
  const std::string_view relative = std::string_view(path).substr(path.starts_with('/') ? 1 : 0);
  const DiskTree::Found found = tree().find(tree().root(), relative);
  return traced("open", 0, found.failed < 0 ? found.failed : open_found(found, {OpenFor::listing}));
}

int SimulatedFiles::open_beneath(int directory, const std::string& path,
                                 const OpenRequest& request) {
  if (const int failed = interruption(); failed < 0) return failed;
  const bool is_new = request.purpose == OpenFor::creating;
  if (wants_patience(request.patience) || (is_new && request.patience == Patience::none)) {
    return -EAGAIN;
  }
  FileNode* node = nullptr;
  if (const int failed = find_directory(directory, node); failed < 0) return failed;
  const DiskTree::Found found = tree().find(node->inode, path);
  if (found.failed < 0) return found.failed;
  return traced("open", directory, open_found(found, request));
}

int SimulatedFiles::open_found(const DiskTree::Found& found, const OpenRequest& request) {
  DiskInode* inode = found.inode;
  const bool is_new = request.purpose == OpenFor::creating;
  if (is_new && inode != nullptr) return -EEXIST;
  if (is_new) {
    if (found.directory->parent == nullptr) return -ENOENT;
    if (const int failed = lack_of_space(); failed < 0) return failed;
    inode = &tree().make(*found.directory, found.name, EntryKind::file, request.mode, now());
  }
  if (inode == nullptr) return -ENOENT;
  if (inode->kind == EntryKind::link) return -ELOOP;
  if (request.purpose == OpenFor::listing && !inode->is_directory()) return -ENOTDIR;
  if (request.purpose == OpenFor::writing && inode->is_directory()) return -EISDIR;
  return open(*inode, is_new || request.purpose == OpenFor::writing);
}

int SimulatedFiles::close(UniqueFd fd) {
  loop_.close(std::move(fd));
  return 0;
}

int SimulatedFiles::duplicate(int fd) { return loop_.duplicate(fd); }

int SimulatedFiles::status(int fd, FileStatus& status) {
  const FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  status = node->inode.status();
  return 0;
}

int SimulatedFiles::status_of(int directory, const std::string& name, Patience patience,
                              FileStatus& status) {
  if (const int failed = interruption(); failed < 0) return failed;
  if (wants_patience(patience)) return -EAGAIN;
  FileNode* node = nullptr;
  if (const int failed = find_directory(directory, node); failed < 0) return failed;
  const DiskTree::Found found = tree().find(node->inode, name);
  if (found.failed < 0) return found.failed;
  if (found.inode == nullptr) return -ENOENT;
  status = found.inode->status();
  return 0;
}

std::int64_t SimulatedFiles::read_at(int fd, std::uint64_t offset, MutableBytes room,
                                     Patience patience) {
  if (const int failed = interruption(); failed < 0) return failed;
  if (wants_patience(patience)) return -EAGAIN;
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  if (is_too_far(offset, 0)) return -EINVAL;
  if (node->inode.is_directory()) return -EISDIR;
  FileContent& content = node->inode.content;
  if (content.size() > 0 && strikes(Fault::disk_corruption)) content.flip_bit(universe_.chance);
  const std::size_t count = content.read(offset, room.first(shortened(room.size())));
  universe_.trace.note_bytes(room.first(count));
  return traced("read_at", fd, static_cast<std::int64_t>(count));
}

std::int64_t SimulatedFiles::write_at(int fd, std::uint64_t offset, Bytes bytes) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = nullptr;
  if (const int failed = find_writable(fd, node); failed < 0) return failed;
  if (is_too_far(offset, 0)) return -EINVAL;
  if (is_too_far(offset, bytes.size()) || offset + bytes.size() > kDiskBytes) return -EFBIG;
  if (const int failed = lack_of_space(); failed < 0) return traced("write_at", fd, failed);
  const Bytes written = bytes.first(shortened(bytes.size()));
  node->inode.content.write(offset, written);
  note_change(node->inode);
  universe_.trace.note_bytes(written);
  return traced("write_at", fd, static_cast<std::int64_t>(written.size()));
}

void SimulatedFiles::note_change(DiskInode& inode) {
  inode.changed = inode.attributes.modified = now();
}

int SimulatedFiles::allocate(int fd, std::uint64_t offset, std::uint64_t size) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = nullptr;
  if (const int failed = find_writable(fd, node); failed < 0) return failed;
  if (size == 0) return -EINVAL;
  if (is_too_far(offset, size)) return -EFBIG;
  return traced("allocate", fd, offset + size > kDiskBytes ? -ENOSPC : lack_of_space());
}

int SimulatedFiles::truncate(int fd, std::uint64_t size) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = nullptr;
  if (find_writable(fd, node) < 0) return -EINVAL;
  if (size > kDiskBytes) return size > kOffsetMax ? -EINVAL : -EFBIG;
  node->inode.content.resize(size);
  note_change(node->inode);
  return traced("truncate", fd, 0);
}

/// Returns the error of a sync that fails. What it should have put on the disk then counts as
/// clean.
int SimulatedFiles::fail_sync(FileNode& node) {
  const int lack = lack_of_space();
  if (lack == 0 && !strikes(Fault::sync_failure)) return 0;
  node.inode.content.fail_sync(universe_.chance);
  return lack < 0 ? lack : -EIO;
}

int SimulatedFiles::sync_data(int fd) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  const int failed = fail_sync(*node);
  if (failed == 0) node->inode.content.sync();
  return traced("sync_data", fd, failed);
}

int SimulatedFiles::sync(int fd) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  const int failed = fail_sync(*node);
  if (failed == 0) tree().sync(node->inode);
  return traced("sync", fd, failed);
}

int SimulatedFiles::begin_sync(int fd, std::uint64_t, std::uint64_t) {
  return find(fd) == nullptr ? -EBADF : 0;
}

int SimulatedFiles::set_modified(int fd, DiskTime time) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  node->inode.attributes.modified = time;
  node->inode.changed = now();
  return traced("set_modified", fd, 0);
}

int SimulatedFiles::set_mode(int fd, unsigned mode) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  node->inode.attributes.mode = mode & 07777U;
  node->inode.changed = now();
  return traced("set_mode", fd, 0);
}

std::int64_t SimulatedFiles::find_data(int fd, std::uint64_t offset) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  const FileContent& content = node->inode.content;
  const std::uint64_t found = content.find_data(offset);
  return offset >= content.size() || found == content.size() ? -ENXIO
                                                             : static_cast<std::int64_t>(found);
}

std::int64_t SimulatedFiles::find_hole(int fd, std::uint64_t offset) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  if (offset >= node->inode.content.size()) return -ENXIO;
  return static_cast<std::int64_t>(node->inode.content.find_hole(offset));
}

std::int64_t SimulatedFiles::copy_range(int from, int to, std::uint64_t offset,
                                        std::uint64_t size) {
  FileNode* source = find(from);
  if (source == nullptr) return -EBADF;
  if (is_too_far(offset, size)) return -EOVERFLOW;
  std::string bytes(std::min<std::uint64_t>(size, kCopiedAtOnceMax), '\0');
  bytes.resize(source->inode.content.read(offset, as_writable_bytes(bytes)));
  return bytes.empty() ? 0 : write_at(to, offset, as_bytes(bytes));
}

int SimulatedFiles::make_directory(int directory, const std::string& name, unsigned mode) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = nullptr;
  if (const int failed = find_directory(directory, node); failed < 0) return failed;
  const DiskTree::Found found = tree().find(node->inode, name);
  if (found.failed < 0) return found.failed;
  if (found.inode != nullptr) return -EEXIST;
  if (node->inode.parent == nullptr) return -ENOENT;
  const int lack = lack_of_space();
  if (lack == 0) tree().make(node->inode, name, EntryKind::directory, mode, now());
  return traced("make_directory", directory, lack);
}

int SimulatedFiles::remove(int directory, const std::string& name, EntryKind kind) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = nullptr;
  if (const int failed = find_directory(directory, node); failed < 0) return failed;
  return traced("remove", directory, tree().remove(node->inode, name, kind, now()));
}

int SimulatedFiles::remove_file(int directory, const std::string& name) {
  return remove(directory, name, EntryKind::file);
}

int SimulatedFiles::remove_directory(int directory, const std::string& name) {
  return remove(directory, name, EntryKind::directory);
}

int SimulatedFiles::rename(int from, const std::string& name, int to, const std::string& new_name,
                           Directory::Existing existing) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* source = nullptr;
  FileNode* target = nullptr;
  if (const int failed = find_directory(from, source); failed < 0) return failed;
  if (const int failed = find_directory(to, target); failed < 0) return failed;
  if (const int failed = lack_of_space(); failed < 0) return traced("rename", from, failed);
  return traced("rename", from,
                tree().rename(source->inode, name, target->inode, new_name, existing, now()));
}

int SimulatedFiles::list(int fd, std::vector<ListedName>& names) {
  if (const int failed = interruption(); failed < 0) return failed;
  FileNode* node = nullptr;
  if (const int failed = find_directory(fd, node); failed < 0) return failed;
  std::vector<ListedName> found;
  for (const auto& [name, target] : node->inode.names) {
    if (target.position <= node->position) continue;
    found.push_back({name, target.inode->kind, target.position});
  }
  std::ranges::sort(found, {}, &ListedName::position);
  found.resize(std::min(found.size(), kListedAtOnce));
  if (found.empty()) return 0;
  node->position = found.back().position;
  std::ranges::move(found, std::back_inserter(names));
  return 1;
}

int SimulatedFiles::seek(int fd, std::uint64_t position) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  node->position = position;
  return 0;
}

int SimulatedFiles::space(int fd, FileSpace& space) {
  if (find(fd) == nullptr) return -EBADF;
  space = {.bytes = kDiskBytes,
           .bytes_available = kDiskBytes,
           .entries = kDiskEntries,
           .entries_available = kDiskEntries};
  return 0;
}

int SimulatedFiles::try_lock(int fd) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  const void*& holder = node->inode.lock_holder;
  if (holder != nullptr && holder != node) return -EAGAIN;
  holder = node;
  return 0;
}

int SimulatedFiles::unlock(int fd) {
  FileNode* node = find(fd);
  if (node == nullptr) return -EBADF;
  node->close();
  return 0;
}

}  // namespace hotline::engine

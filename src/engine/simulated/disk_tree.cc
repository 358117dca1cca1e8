#include "engine/simulated/disk_tree.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "engine/simulated/node.h"

namespace hotline::engine {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kPathBytesMax = 4095;
constexpr std::uint64_t kDevice = 1;

DiskInode* found_in(const DiskInode& directory, const std::string& name) {
  const auto found = directory.names.find(name);
  return found == directory.names.end() ? nullptr : found->second.inode;
}

void apply_to(std::map<std::string, DiskName>& names, const NameChange& change) {
  for (const auto& [name, target] : change.steps) {
    if (target.inode == nullptr) {
      names.erase(name);
    } else {
      names[name] = target;
    }
  }
}

/// The root is its own parent.
bool is_within(const DiskInode* inode, const DiskInode& directory) {
  while (inode != &directory && inode->parent != inode && inode->parent != nullptr) {
    inode = inode->parent;
  }
  return inode == &directory;
}

/// Returns where `directory` has the change `number`; the number of changes if it has it not.
std::size_t index_of(const DiskInode& directory, std::uint64_t number) {
  const auto found = std::ranges::find(directory.changes, number, &NameChange::number);
  return static_cast<std::size_t>(std::distance(directory.changes.begin(), found));
}

/// Returns why `moved` cannot take the place of `target`, or 0.
int check_replacement(const DiskInode& moved, const DiskInode& target,
                      Directory::Existing existing) {
  if (existing == Directory::Existing::fail) return -EEXIST;
  if (target.is_directory() && !moved.is_directory()) return -EISDIR;
  if (!target.is_directory() && moved.is_directory()) return -ENOTDIR;
  return target.names.empty() ? 0 : -ENOTEMPTY;
}

}  // namespace

FileStatus DiskInode::status() const {
  return {.kind = kind,
          .device = kDevice,
          .inode = number,
          .size = content.size(),
          .links = parent == nullptr ? 0U : 1U,
          .mode = attributes.mode,
          .owner = kEverybody,
          .modified = attributes.modified,
          .changed = changed,
          .born = born};
}

DiskTree::DiskTree() {
  DiskInode& top = add(EntryKind::directory, 0755, {});
  top.parent = &top;
}

DiskInode& DiskTree::add(EntryKind kind, unsigned mode, DiskTime now) {
  auto inode = std::make_unique<DiskInode>();
  inode->number = next_number_++;
  inode->kind = kind;
  inode->attributes = {.mode = mode, .modified = now};
  inode->durable_attributes = inode->attributes;
  inode->changed = inode->born = now;
  return *inodes_.emplace(inode->number, std::move(inode)).first->second;
}

DiskTree::Found DiskTree::find(DiskInode& from, std::string_view path) const {
  if (path.size() > kPathBytesMax) return {.failed = -ENAMETOOLONG};
  if (path.starts_with('/')) return {.failed = -EXDEV};
  Found found{.directory = &from, .name = {}, .inode = &from};
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string name(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
    if (found.inode == nullptr) return {.failed = -ENOENT};
    if (found.inode->kind == EntryKind::link) return {.failed = -ELOOP};
    if (!found.inode->is_directory()) return {.failed = -ENOTDIR};
    if (name.size() > kNameBytesMax) return {.failed = -ENAMETOOLONG};
    if (name.empty() || name == ".") continue;
    DiskInode& directory = *found.inode;
    if (name != "..") {
      found = {.directory = &directory, .name = name, .inode = found_in(directory, name)};
    } else if (&directory == &from) {
      return {.failed = -EXDEV};
    } else {
      found = {.directory = directory.parent, .name = {}, .inode = directory.parent};
    }
  }
  return found;
}

void DiskTree::change(DiskInode& directory, NameChange change, DiskTime now) {
  apply_to(directory.names, change);
  directory.attributes.modified = directory.changed = now;
  directory.changes.push_back(std::move(change));
}

DiskInode& DiskTree::make(DiskInode& directory, const std::string& name, EntryKind kind,
                          unsigned mode, DiskTime now) {
  DiskInode& inode = add(kind, mode, now);
  inode.parent = &directory;
  const DiskName target{&inode, next_number_++};
  change(directory, {.steps = {{name, target}}, .number = next_number_++}, now);
  return inode;
}

int DiskTree::remove(DiskInode& directory, const std::string& name, EntryKind kind, DiskTime now) {
  DiskInode* inode = found_in(directory, name);
  if (inode == nullptr) return -ENOENT;
  const bool wants_directory = kind == EntryKind::directory;
  if (inode->is_directory() != wants_directory) return wants_directory ? -ENOTDIR : -EISDIR;
  if (!inode->names.empty()) return -ENOTEMPTY;
  inode->parent = nullptr;
  inode->changed = now;
  change(directory, {.steps = {{name, {}}}, .number = next_number_++}, now);
  return 0;
}

int DiskTree::rename(DiskInode& from, const std::string& name, DiskInode& to,
                     const std::string& new_name, Directory::Existing existing, DiskTime now) {
  DiskInode* moved = found_in(from, name);
  if (moved == nullptr) return -ENOENT;
  if (to.parent == nullptr) return -ENOENT;
  if (moved->is_directory() && is_within(&to, *moved)) return -EINVAL;
  DiskInode* target = found_in(to, new_name);
  if (target == moved) return existing == Directory::Existing::fail ? -EEXIST : 0;
  if (target != nullptr) {
    if (const int failed = check_replacement(*moved, *target, existing); failed < 0) return failed;
    target->parent = nullptr;
  }
  moved->parent = &to;
  moved->changed = now;
  const std::uint64_t number = next_number_++;
  const std::pair<std::string, DiskName> removed{name, {}};
  const std::pair<std::string, DiskName> added{new_name, {moved, next_number_++}};
  if (&from == &to) {
    change(from, {.steps = {removed, added}, .number = number}, now);
  } else {
    change(from, {.steps = {removed}, .partner = &to, .number = number}, now);
    change(to, {.steps = {added}, .partner = &from, .number = number}, now);
  }
  return 0;
}

/// Puts the first `count` changes on the disk.
void DiskTree::commit(DiskInode& directory, std::size_t count) {
  const auto end = directory.changes.begin() + static_cast<std::ptrdiff_t>(count);
  const std::vector<NameChange> committed(directory.changes.begin(), end);
  directory.changes.erase(directory.changes.begin(), end);
  for (const NameChange& each : committed) {
    apply_to(directory.durable_names, each);
    if (each.partner == nullptr) continue;
    const std::size_t index = index_of(*each.partner, each.number);
    if (index < each.partner->changes.size()) commit(*each.partner, index + 1);
  }
}

void DiskTree::sync(DiskInode& inode) {
  inode.content.sync();
  inode.durable_attributes = inode.attributes;
  commit(inode, inode.changes.size());
}

/// Chooses how many of the changes of each directory are on the disk. Either both changes of a move
/// are, or neither.
void DiskTree::choose_changes(Chance& chance, std::map<DiskInode*, std::size_t>& kept) const {
  for (const auto& [number, inode] : inodes_) {
    const std::size_t count = inode->changes.size();
    const std::uint64_t kind = chance.below(3);
    kept[inode.get()] = kind == 0 ? 0 : kind == 1 ? count : chance.below(count + 1);
  }
  for (bool is_changed = true; is_changed;) {
    is_changed = false;
    for (const auto& [number, inode] : inodes_) {
      std::size_t& count = kept[inode.get()];
      for (std::size_t i = 0; i < count; ++i) {
        const NameChange& each = inode->changes[i];
        if (each.partner == nullptr) continue;
        const std::size_t other = index_of(*each.partner, each.number);
        if (other < kept[each.partner]) continue;
        count = i;
        is_changed = true;
      }
    }
  }
}

void DiskTree::cut_power(Chance& chance) {
  std::map<DiskInode*, std::size_t> kept;
  choose_changes(chance, kept);
  for (const auto& [number, inode] : inodes_) {
    const std::size_t count = kept[inode.get()];
    for (std::size_t i = 0; i < count; ++i) apply_to(inode->durable_names, inode->changes[i]);
    inode->changes.clear();
    inode->names = inode->durable_names;
    inode->content.cut_power(chance);
    if (chance.below(2) == 0) inode->durable_attributes = inode->attributes;
    inode->attributes = inode->durable_attributes;
    inode->parent = nullptr;
    inode->lock_holder = nullptr;
  }
  root().parent = &root();
  find_parents(root());
}

void DiskTree::find_parents(DiskInode& directory) {
  for (const auto& [name, target] : directory.names) {
    if (target.inode->parent != nullptr) continue;
    target.inode->parent = &directory;
    find_parents(*target.inode);
  }
}

}  // namespace hotline::engine

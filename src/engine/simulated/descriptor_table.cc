#include "engine/simulated/descriptor_table.h"

#include "engine/simulated/program.h"

namespace hotline::engine {

int DescriptorTable::open(std::shared_ptr<Node> node, Program& owner) {
  if (owner.descriptors >= owner.descriptors_max) return -EMFILE;
  // The lowest free number, as in the system, because reuse exposes mistakes.
  int fd = kFirst + owner.number * kOfProgram;
  for (auto each = entries_.lower_bound(fd); each != entries_.end() && each->first == fd; ++each) {
    ++fd;
  }
  ++owner.descriptors;
  ++node->references;
  entries_[fd] = {std::move(node), &owner};
  return fd;
}

int DescriptorTable::duplicate(int fd, Program& owner) {
  const auto found = entries_.find(fd);
  return found == entries_.end() ? -EBADF : open(found->second.node, owner);
}

void DescriptorTable::close(int fd) {
  const auto found = entries_.find(fd);
  if (found == entries_.end()) return;
  const auto node = std::move(found->second.node);
  --found->second.owner->descriptors;
  entries_.erase(found);
  if (--node->references == 0) node->close();
}

void DescriptorTable::close_all(const Program& owner) {
  std::vector<int> own;
  for (const auto& [fd, entry] : entries_) {
    if (entry.owner == &owner) own.push_back(fd);
  }
  for (const int fd : own) close(fd);
}

Node* DescriptorTable::find(int fd) const {
  const auto found = entries_.find(fd);
  return found == entries_.end() ? nullptr : found->second.node.get();
}

std::shared_ptr<Node> DescriptorTable::share(int fd) const {
  const auto found = entries_.find(fd);
  return found == entries_.end() ? nullptr : found->second.node;
}

std::vector<std::string> DescriptorTable::describe_open() const {
  std::vector<std::string> open;
  for (const auto& [fd, entry] : entries_) {
    open.push_back(std::string(entry.node->kind()) + " on " + entry.owner->host.name);
  }
  return open;
}

}  // namespace hotline::engine

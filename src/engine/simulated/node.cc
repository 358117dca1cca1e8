#include "engine/simulated/node.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace hotline::engine {
namespace {

int give_number(int number, void* value, std::size_t& size) {
  size = std::min(size, sizeof number);
  std::memcpy(value, &number, size);
  return 0;
}

}  // namespace

int Node::read(MutableBytes) { return -EINVAL; }

int Node::write(Bytes) { return -EINVAL; }

void Node::notify(Direction direction) {
  for (Watcher* watcher : watchers_) watcher->note_ready(direction);
}

int Node::set_option(int level, int name, const void* value, std::size_t size) {
  options_[{level, name}].assign(static_cast<const char*>(value), size);
  return 0;
}

int Node::get_option(int level, int name, void* value, std::size_t& size) {
  const auto found = options_.find({level, name});
  if (found == options_.end()) return give_number(0, value, size);
  size = std::min(size, found->second.size());
  std::memcpy(value, found->second.data(), size);
  return 0;
}

int Node::number_option(int level, int name) const {
  const auto found = options_.find({level, name});
  int number = 0;
  if (found != options_.end() && found->second.size() >= sizeof number) {
    std::memcpy(&number, found->second.data(), sizeof number);
  }
  return number;
}

bool SocketNode::is_v6_only() const { return number_option(IPPROTO_IPV6, IPV6_V6ONLY) != 0; }

bool SocketNode::shares_port() const { return number_option(SOL_SOCKET, SO_REUSEPORT) != 0; }

bool SocketNode::reuses_address() const { return number_option(SOL_SOCKET, SO_REUSEADDR) != 0; }

int SocketNode::get_option(int level, int name, void* value, std::size_t& size) {
  if (level != SOL_SOCKET) return Node::get_option(level, name, value, size);
  switch (name) {
    case SO_TYPE: return give_number(type(), value, size);
    case SO_ACCEPTCONN: return give_number(is_listening() ? 1 : 0, value, size);
    case SO_ERROR: return give_number(take_error(), value, size);
    case SO_PEERCRED: {
      const ucred everybody{
          .pid = static_cast<pid_t>(host().number), .uid = kEverybody, .gid = kEverybody};
      size = std::min(size, sizeof everybody);
      std::memcpy(value, &everybody, size);
      return 0;
    }
    default: return Node::get_option(level, name, value, size);
  }
}

}  // namespace hotline::engine

#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/operation.h"
#include "engine/simulated/site.h"
#include "engine/simulated/universe.h"

namespace hotline::engine {

/// The user and the group of every program in a world.
inline constexpr std::uint32_t kEverybody = 1000;

/// Notified when a node can be read or written.
class Watcher {
 public:
  virtual void note_ready(Direction direction) = 0;

 protected:
  ~Watcher() = default;
};

/// One open file of the simulated kernel, which descriptors refer to. Results are counts or negated
/// errnos, as for the system calls of the same names.
class Node {
 public:
  explicit Node(SimulatedHost& where) : host_(where) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  /// What it is, for reports: "stream".
  virtual std::string_view kind() const = 0;

  /// Returns true if an operation in that direction would not have to wait.
  virtual bool is_ready(Direction direction) const = 0;

  virtual int read(MutableBytes into);
  virtual int write(Bytes bytes);

  /// Called when the last descriptor has been closed.
  virtual void close() {}

  SimulatedHost& host() const { return host_; }
  void watch(Watcher& watcher) { watchers_.push_back(&watcher); }
  void unwatch(Watcher& watcher) { std::erase(watchers_, &watcher); }
  void notify(Direction direction);

  virtual int set_option(int level, int name, const void* value, std::size_t size);
  virtual int get_option(int level, int name, void* value, std::size_t& size);

  int references = 0;

 protected:
  void inherit_options(const Node& other) { options_ = other.options_; }

  /// Returns the value of a numeric option, or 0 if it was never set.
  int number_option(int level, int name) const;
  bool has_option(int level, int name) const { return options_.contains({level, name}); }

 private:
  SimulatedHost& host_;
  std::vector<Watcher*> watchers_;
  std::map<std::pair<int, int>, std::string> options_;
};

/// A node with addresses.
class SocketNode : public Node {
 public:
  SocketNode(SimulatedHost& where, int family_of_it) : Node(where), family(family_of_it) {}

  virtual int type() const = 0;
  bool is_v6_only() const;
  bool shares_port() const;
  bool reuses_address() const;

  /// Returns true if the port that it shares chooses a socket by the source address:
  /// SO_ATTACH_REUSEPORT_CBPF.
  bool steers_by_source() const { return has_option(SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF); }
  virtual bool is_listening() const { return false; }
  int get_option(int level, int name, void* value, std::size_t& size) override;

  const int family;
  Site local;
  Site peer;
  std::uint64_t inode = 0;  ///< The inode of the path that it created.
  bool is_bound = false;
  bool has_peer = false;
  unsigned mode = 0777;  ///< The mode of the path that it will be bound to, before the umask.

 protected:
  /// Returns SO_ERROR and clears it.
  virtual int take_error() { return 0; }
};

}  // namespace hotline::engine

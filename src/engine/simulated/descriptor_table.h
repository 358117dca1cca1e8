#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/simulated/node.h"

namespace hotline::engine {

struct Program;

/// The descriptors of all programs of a simulated world. Their numbers are none that the system
/// gives, so that one is never taken for the other, and each program has its own: what a killed one
/// still closes is nobody else's. Results are negated errnos.
class DescriptorTable {
 public:
  /// More have no numbers left.
  static constexpr int kProgramsMax = 1 << 14;

  /// A new descriptor for `node`: -EMFILE if its program has none left.
  int open(std::shared_ptr<Node> node, Program& owner);
  int duplicate(int fd, Program& owner);

  /// Closes the node with its last descriptor. A number that is not open is left alone.
  void close(int fd);
  void close_all(const Program& owner);

  /// Null: there is none.
  Node* find(int fd) const;
  std::shared_ptr<Node> share(int fd) const;

  /// The same as a socket, a stream …; null if it is something else.
  template <typename Kind>
  Kind* find_as(int fd) const {
    return dynamic_cast<Kind*>(find(fd));
  }

  /// `stream on a`, one for each that is open.
  std::vector<std::string> describe_open() const;

 private:
  struct Entry {
    std::shared_ptr<Node> node;
    Program* owner;
  };

  static constexpr int kFirst = 1 << 30;
  static constexpr int kOfProgram = 1 << 16;

  std::map<int, Entry> entries_;
};

}  // namespace hotline::engine

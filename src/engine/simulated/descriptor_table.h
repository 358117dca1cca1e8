#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/simulated/node.h"

namespace hotline::engine {

struct Program;

/// The descriptors of all programs of a simulated world. Their numbers are outside the range of the
/// system, so that the two cannot be confused. Each program has a range of its own, so that a
/// killed program cannot close descriptors of another. Results are negated errnos.
class DescriptorTable {
 public:
  /// There are numbers for this many programs.
  static constexpr int kProgramsMax = 1 << 14;

  /// Returns a new descriptor for `node`, or -EMFILE if its program has none left.
  int open(std::shared_ptr<Node> node, Program& owner);
  int duplicate(int fd, Program& owner);

  /// Closes the descriptor, and the node with its last descriptor. Ignores a number that is not
  /// open.
  void close(int fd);
  void close_all(const Program& owner);

  /// Returns the node of `fd`, or null.
  Node* find(int fd) const;
  std::shared_ptr<Node> share(int fd) const;

  /// Returns the node if it is of the type `Kind`, otherwise null.
  template <typename Kind>
  Kind* find_as(int fd) const {
    return dynamic_cast<Kind*>(find(fd));
  }

  /// Returns one text, such as `stream on a`, for each open descriptor.
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

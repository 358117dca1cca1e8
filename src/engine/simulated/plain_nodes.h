#pragma once

#include <memory>
#include <set>
#include <string>

#include "engine/operations/wait_process.h"
#include "engine/simulated/node.h"

// Nodes that are not sockets.

namespace hotline::engine {

/// eventfd(2) with EFD_SEMAPHORE.
class CounterNode final : public Node {
 public:
  using Node::Node;

  std::string_view kind() const override { return "counter"; }
  bool is_ready(Direction direction) const override {
    return direction == Direction::write || count_ > 0;
  }
  int read(MutableBytes into) override;
  void add();

 private:
  std::uint64_t count_ = 0;
};

/// signalfd(2).
class SignalNode final : public Node {
 public:
  SignalNode(SimulatedHost& host, std::set<int> signals)
      : Node(host), signals_(std::move(signals)) {}

  std::string_view kind() const override { return "signals"; }
  bool is_ready(Direction direction) const override {
    return direction == Direction::read && !pending_.empty();
  }
  int read(MutableBytes into) override;

  /// Makes `signal` pending. Returns false if it is not one of those that the node reads.
  bool raise(int signal);

 private:
  std::set<int> signals_;
  std::set<int> pending_;
};

/// One end of a pipe: pipe(7).
class PipeNode final : public Node {
 public:
  /// The bytes in transit from one end to the other.
  struct Buffer {
    static constexpr std::size_t kBytesMax = 64 * 1024;
    static constexpr std::size_t kAtomicMax = 4096;  ///< PIPE_BUF: written whole or not.
    std::size_t room() const { return kBytesMax - bytes.size(); }
    std::string bytes;
    PipeNode* reader = nullptr;
    PipeNode* writer = nullptr;
  };

  PipeNode(SimulatedHost& host, std::shared_ptr<Buffer> buffer, Direction direction);
  ~PipeNode() override { close(); }

  std::string_view kind() const override { return "pipe"; }
  bool is_ready(Direction direction) const override;
  int read(MutableBytes into) override;
  int write(Bytes bytes) override;
  void close() override;

 private:
  std::shared_ptr<Buffer> buffer_;
  Direction direction_;
};

/// The pidfd of a simulated process: pidfd_open(2).
class ProcessNode final : public Node {
 public:
  using Node::Node;

  std::string_view kind() const override { return "process"; }
  bool is_ready(Direction direction) const override {
    return direction == Direction::read && has_ended_;
  }

  /// Returns 0 and sets `end`, or returns -EAGAIN; -ECHILD after it has been reaped.
  int reap(ProcessEnd& end);
  void end(ProcessEnd end);

 private:
  ProcessEnd end_;
  bool has_ended_ = false;
  bool is_reaped_ = false;
};

}  // namespace hotline::engine

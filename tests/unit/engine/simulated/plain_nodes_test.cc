#include "engine/simulated/plain_nodes.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <string>

#include <doctest/doctest.h>

namespace hotline::engine::plain_nodes_test {
namespace {

struct Flags final : Watcher {
  void note_ready(Direction direction) override {
    told += direction == Direction::read ? 'r' : 'w';
  }
  std::string told;
};

int take(CounterNode& node) {
  std::uint64_t taken = 0;
  const int result = node.read(std::as_writable_bytes(std::span(&taken, 1)));
  return result == sizeof taken ? static_cast<int>(taken) : result;
}

int next_signal(SignalNode& node) {
  signalfd_siginfo info{};
  const int result = node.read(std::as_writable_bytes(std::span(&info, 1)));
  return result == sizeof info ? static_cast<int>(info.ssi_signo) : result;
}

/// Both ends of a pipe.
struct Pipe {
  SimulatedHost host;
  std::shared_ptr<PipeNode::Buffer> buffer = std::make_shared<PipeNode::Buffer>();
  std::unique_ptr<PipeNode> reader = std::make_unique<PipeNode>(host, buffer, Direction::read);
  std::unique_ptr<PipeNode> writer = std::make_unique<PipeNode>(host, buffer, Direction::write);

  int write(std::string_view text) const { return writer->write(as_bytes(text)); }
  std::string read(std::size_t size = 64 * 1024) const {
    std::string text(size, '\0');
    const int result = reader->read(std::as_writable_bytes(std::span(text)));
    return result < 0 ? std::to_string(result) : text.substr(0, static_cast<std::size_t>(result));
  }
};

const std::string kAgain = std::to_string(-EAGAIN);

}  // namespace

TEST_CASE("a counter returns one at a time, as often as it was added to") {
  SimulatedHost host;
  CounterNode node(host);
  Flags flags;
  node.watch(flags);
  CHECK(take(node) == -EAGAIN);
  CHECK_FALSE(node.is_ready(Direction::read));
  CHECK(node.is_ready(Direction::write));
  node.add();
  node.add();
  CHECK(flags.told == "rr");
  CHECK(node.is_ready(Direction::read));
  CHECK(take(node) == 1);
  CHECK(take(node) == 1);
  CHECK(take(node) == -EAGAIN);
}

TEST_CASE("a counter needs room for a whole value") {
  SimulatedHost host;
  CounterNode node(host);
  node.add();
  std::array<std::byte, 7> small{};
  CHECK(node.read(small) == -EINVAL);
  CHECK(take(node) == 1);
}

TEST_CASE("signals are pending once each, the lowest number first") {
  SimulatedHost host;
  SignalNode node(host, {SIGTERM, SIGINT, SIGHUP});
  CHECK(next_signal(node) == -EAGAIN);
  CHECK_FALSE(node.is_ready(Direction::read));
  CHECK(node.raise(SIGTERM));
  CHECK(node.raise(SIGTERM));
  CHECK(node.raise(SIGHUP));
  CHECK(node.is_ready(Direction::read));
  CHECK_FALSE(node.is_ready(Direction::write));
  CHECK(next_signal(node) == SIGHUP);
  CHECK(next_signal(node) == SIGTERM);
  CHECK(next_signal(node) == -EAGAIN);
  CHECK(node.raise(SIGTERM));
  CHECK(next_signal(node) == SIGTERM);
}

TEST_CASE("a signal that is not waited for is not taken") {
  SimulatedHost host;
  SignalNode node(host, {SIGTERM});
  CHECK_FALSE(node.raise(SIGINT));
  CHECK_FALSE(node.is_ready(Direction::read));
  SignalNode none(host, {});
  CHECK_FALSE(none.raise(SIGTERM));
}

TEST_CASE("a signal needs room for a whole record") {
  SimulatedHost host;
  SignalNode node(host, {SIGTERM});
  node.raise(SIGTERM);
  std::array<std::byte, sizeof(signalfd_siginfo) - 1> small{};
  CHECK(node.read(small) == -EINVAL);
  CHECK(next_signal(node) == SIGTERM);
}

TEST_CASE("a pipe returns what was written, in any pieces") {
  const Pipe pipe;
  CHECK(pipe.read() == kAgain);
  CHECK(pipe.write("hello ") == 6);
  CHECK(pipe.write("you") == 3);
  CHECK(pipe.read(4) == "hell");
  CHECK(pipe.read() == "o you");
  CHECK(pipe.read() == kAgain);
}

TEST_CASE("each end of a pipe is notified of what the other does") {
  const Pipe pipe;
  Flags reader;
  Flags writer;
  pipe.reader->watch(reader);
  pipe.writer->watch(writer);
  pipe.write("x");
  CHECK(reader.told == "r");
  pipe.read();
  CHECK(writer.told == "w");
  pipe.writer->close();
  CHECK(reader.told == "rr");
}

TEST_CASE("an end of a pipe works in one direction only") {
  const Pipe pipe;
  std::byte byte{};
  CHECK(pipe.writer->read({&byte, 1}) == -EBADF);
  CHECK(pipe.reader->write({&byte, 1}) == -EBADF);
  CHECK_FALSE(pipe.reader->is_ready(Direction::write));
  CHECK_FALSE(pipe.writer->is_ready(Direction::read));
}

TEST_CASE("bytes written before the writer closed are read before the end") {
  const Pipe pipe;
  pipe.write("last");
  pipe.writer->close();
  CHECK(pipe.read() == "last");
  CHECK(pipe.reader->is_ready(Direction::read));
  CHECK(pipe.read().empty());
  CHECK(pipe.read().empty());
}

TEST_CASE("a pipe without a reader is broken") {
  const Pipe pipe;
  pipe.reader->close();
  CHECK(pipe.writer->is_ready(Direction::write));
  CHECK(pipe.write("x") == -EPIPE);
}

TEST_CASE("a full pipe takes no more until it is read") {
  const Pipe pipe;
  const std::string much(PipeNode::Buffer::kBytesMax + 1, 'm');
  CHECK(pipe.write(much) == PipeNode::Buffer::kBytesMax);
  CHECK_FALSE(pipe.writer->is_ready(Direction::write));
  CHECK(pipe.write("x") == -EAGAIN);
  CHECK(pipe.read(8192).size() == 8192);
  CHECK(pipe.writer->is_ready(Direction::write));
  CHECK(pipe.write("x") == 1);
}

TEST_CASE("up to a page is written to a pipe entirely or not at all") {
  const Pipe pipe;
  CHECK(pipe.write(std::string(PipeNode::Buffer::kBytesMax - 100, 'm')) ==
        PipeNode::Buffer::kBytesMax - 100);
  CHECK_FALSE(pipe.writer->is_ready(Direction::write));
  CHECK(pipe.write(std::string(4096, 'p')) == -EAGAIN);
  CHECK(pipe.write(std::string(101, 'p')) == -EAGAIN);
  CHECK(pipe.write(std::string(4097, 'p')) == 100);
}

TEST_CASE("an end of a pipe that was never opened is closed when it is destroyed") {
  Pipe pipe;
  pipe.writer.reset();
  CHECK(pipe.read().empty());
  Pipe other;
  other.reader.reset();
  CHECK(other.write("x") == -EPIPE);
}

TEST_CASE("a process is reaped once, with the first end that it had") {
  SimulatedHost host;
  ProcessNode node(host);
  Flags flags;
  node.watch(flags);
  ProcessEnd end;
  CHECK(node.reap(end) == -EAGAIN);
  CHECK_FALSE(node.is_ready(Direction::read));
  node.end({.exit_status = 3, .signal = 0});
  node.end({.exit_status = -1, .signal = SIGKILL});
  CHECK(flags.told == "r");
  CHECK(node.is_ready(Direction::read));
  CHECK(node.reap(end) == 0);
  CHECK(end.exit_status == 3);
  CHECK(end.signal == 0);
  CHECK(node.reap(end) == -ECHILD);
}

}  // namespace hotline::engine::plain_nodes_test

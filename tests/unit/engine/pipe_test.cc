#include "hotline/engine/pipe.h"

#include <fcntl.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::pipe_test {
namespace {

using std::chrono::milliseconds;

struct Ends {
  UniqueFd read;
  UniqueFd write;
};

Ends make_pipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string read_text(PipeReader& reader, Deadline deadline = Deadline::never()) {
  std::array<std::byte, 64> bytes;
  const auto size = reader.read_some(bytes, deadline);
  return size ? std::string(as_text(Bytes(bytes).first(*size))) : '<' + test::kind_of(size) + '>';
}

}  // namespace

TEST_CASE("what is written to one end of a pipe is read from the other, and then its end") {
  test::on_each_engine([] {
    auto ends = make_pipe();
    PipeReader reader(std::move(ends.read));
    CHECK(read_text(reader, deadline_after(milliseconds(1))) == "<timed_out>");
    {
      PipeWriter writer(std::move(ends.write));
      CHECK(writer.write_all(as_bytes("text")));
      CHECK(read_text(reader) == "text");
    }
    CHECK(reader.wait());
    CHECK(read_text(reader) == "<closed>");
    CHECK(read_text(reader) == "<closed>");
  });
}

TEST_CASE("a writer waits until a reader makes room, and everything arrives") {
  test::on_each_engine([] {
    auto ends = make_pipe();
    const std::string sent(512 * 1024, 'x');
    std::string received;
    TaskGroup group;
    REQUIRE(group.spawn("writer", [&] {
      PipeWriter writer(std::move(ends.write));
      CHECK(writer.write_all(as_bytes(sent)));
    }));
    REQUIRE(group.spawn("reader", [&] {
      PipeReader reader(std::move(ends.read));
      std::array<std::byte, 4096> bytes;
      while (const auto size = reader.read_some(bytes)) {
        received += as_text(Bytes(bytes).first(*size));
      }
    }));
    CHECK(group.join());
    CHECK(received == sent);
  });
}

TEST_CASE("a full pipe that is not read ends a write at its deadline") {
  test::on_each_engine([] {
    auto ends = make_pipe();
    PipeWriter writer(std::move(ends.write));
    const std::string sent(512 * 1024, 'x');
    CHECK(test::kind_of(writer.write_all(as_bytes(sent), deadline_after(milliseconds(1)))) ==
          "timed_out");
  });
}

TEST_CASE("a write to a pipe without a reader fails, and the program goes on") {
  test::on_each_engine([] {
    auto ends = make_pipe();
    ends.read.reset();
    PipeWriter writer(std::move(ends.write));
    CHECK(test::kind_of(writer.write_some(as_bytes("text"))) == "reset");
  });
}

TEST_CASE("to wait for a pipe takes nothing out of it, and a cancel ends the wait") {
  test::on_each_engine([] {
    auto ends = make_pipe();
    PipeReader reader(std::move(ends.read));
    TaskGroup group;
    std::string kind;
    REQUIRE(group.spawn("waiter", [&] { kind = test::kind_of(reader.wait()); }));
    group.cancel();
    CHECK(group.join());
    CHECK(kind == "cancelled");
    PipeWriter writer(std::move(ends.write));
    CHECK(writer.write_all(as_bytes("text")));
    CHECK(reader.wait());
    CHECK(read_text(reader) == "text");
  });
}

TEST_CASE("a file is read to its end") {
  test::on_each_engine([] {
    PipeReader reader(UniqueFd(::open("/proc/self/comm", O_RDONLY | O_CLOEXEC)));
    CHECK(read_text(reader).ends_with('\n'));
    CHECK(read_text(reader) == "<closed>");
  });
}

TEST_CASE("a directory fails with the errno of read") {
  test::on_each_engine([] {
    PipeReader directory(UniqueFd(::open("/", O_RDONLY | O_CLOEXEC)));
    std::array<std::byte, 8> bytes;
    CHECK(directory.read_some(bytes).error().native_code == EISDIR);
  });
}

TEST_CASE("the mode of a pipe that other programs share stays as it was") {
  test::on_each_engine([] {
    auto ends = make_pipe();
    const int fd = ends.read.get();
    PipeReader reader(std::move(ends.read));
    CHECK(read_text(reader, Deadline::at(now())) == "<timed_out>");
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  });
}

TEST_CASE("standard input stays open when its reader is destroyed") {
  const auto report = test::in_child_process([] {
    auto ends = make_pipe();
    REQUIRE(::dup2(ends.read.get(), STDIN_FILENO) == STDIN_FILENO);
    REQUIRE(::write(ends.write.get(), "text", 4) == 4);
    {
      auto input = PipeReader::standard_input();
      REQUIRE(input);
      CHECK(read_text(*input) == "text");
    }
    CHECK(::fcntl(STDIN_FILENO, F_GETFD) >= 0);
    ::close(STDIN_FILENO);
    CHECK(PipeReader::standard_input().error().native_code == EBADF);
  });
  CHECK(report.exit_status == 0);
}

TEST_CASE("a drain ends a read from a pipe only if the read says so, and after what has come") {
  test::on_each_engine([] {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    PipeReader reader{UniqueFd(ends[0])};
    PipeWriter writer{UniqueFd(ends[1])};
    std::array<std::byte, 8> into{};
    TaskGroup group;
    REQUIRE(group.spawn("reader", [&] {
      CHECK(test::kind_of(reader.read_some(into, Deadline::never(), OnDrain::ends)) == "draining");
      CHECK(test::kind_of(reader.wait(Deadline::never(), OnDrain::ends)) == "draining");
      CHECK(test::kind_of(reader.read_some(into, deadline_after(milliseconds(1)))) == "timed_out");
      CHECK(writer.write_all(as_bytes("text")));
      CHECK(reader.wait(Deadline::never(), OnDrain::ends));
      CHECK(reader.read_some(into, Deadline::never(), OnDrain::ends).value() == 4);
    }));
    REQUIRE(group.spawn("drainer", [&] { group.drain(); }));
    CHECK(group.join());
  });
}

TEST_CASE("reading a pipe into no bytes ends the program") {
  const auto empty = test::in_child_process([] {
    PipeReader reader(UniqueFd(::dup(STDIN_FILENO)));
    discard(reader.read_some({}));
  });
  CHECK(empty.signal == SIGABRT);
  CHECK(empty.error_text.find("a pipe is read into no bytes") != std::string::npos);
}

}  // namespace hotline::pipe_test

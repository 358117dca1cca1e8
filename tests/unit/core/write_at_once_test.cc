#include "core/write_at_once.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"

namespace hotline::write_at_once_test {
namespace {

/// A pipe that blocks.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reading.reset(ends[0]);
    writing.reset(ends[1]);
  }

  UniqueFd reading;
  UniqueFd writing;
};

}  // namespace

TEST_CASE("text for which a pipe has room is written whole") {
  const Pipe pipe;
  CHECK(write_at_once(pipe.writing.get(), "hello") == 5);
  std::array<char, 16> piece;
  CHECK(::read(pipe.reading.get(), piece.data(), piece.size()) == 5);
  CHECK(std::string(piece.data(), 5) == "hello");
}

TEST_CASE("a full pipe takes nothing, and the write does not wait") {
  const Pipe pipe;
  const std::string page(PIPE_BUF, 'f');
  std::size_t size = 0;
  int written = 0;
  while ((written = write_at_once(pipe.writing.get(), page)) > 0) {
    CHECK(written == PIPE_BUF);
    size += page.size();
  }
  CHECK(written == -EAGAIN);
  CHECK(size >= page.size());
  CHECK(write_at_once(pipe.writing.get(), "x") == -EAGAIN);
}

TEST_CASE("of a longer text, as much is written as a pipe takes at once") {
  const Pipe pipe;
  const std::string text(std::size_t{1} << 20, 'x');
  const int written = write_at_once(pipe.writing.get(), text);
  CHECK(written >= PIPE_BUF);
  CHECK(written < static_cast<int>(text.size()));
  CHECK(write_at_once(pipe.writing.get(), text) == -EAGAIN);
}

TEST_CASE("a descriptor that cannot be written to returns the reason") {
  CHECK(write_at_once(-1, "x") == -EAGAIN);  // poll(2) ignores negative descriptors.
  int closed = -1;
  {
    const Pipe pipe;
    closed = pipe.writing.get();
  }
  CHECK(write_at_once(closed, "x") == -EBADF);
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  CHECK(write_at_once(full.get(), "x") == -ENOSPC);
}

TEST_CASE("a pipe without a reader returns an error") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reading.reset();
  CHECK(write_at_once(pipe.writing.get(), "x") == -EPIPE);
  std::signal(SIGPIPE, before);
}

}  // namespace hotline::write_at_once_test

#include "hotline/engine/standard_streams.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/standard_streams.h"

namespace hotline::standard_streams_test {
namespace {

/// Runs `body` in a process of its own, in which the standard descriptors with a bit in `closed`
/// are closed. Returns its exit status.
template <typename Body>
int in_child_without(int closed, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 0; fd < 3; ++fd) {
      if ((closed >> fd & 1) != 0) ::close(fd);
    }
    ::_exit(body());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A pipe whose writing end is non-blocking, with less than a page of room.
struct FullPipe {
  FullPipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reading.reset(ends[0]);
    writing.reset(ends[1]);
    REQUIRE(::fcntl(writing.get(), F_SETFL, O_NONBLOCK) == 0);
    const std::string page(4096, 'f');
    while (::write(writing.get(), page.data(), page.size()) > 0) size += page.size();
    REQUIRE(errno == EAGAIN);
  }

  UniqueFd reading;
  UniqueFd writing;
  std::size_t size = 0;
};

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> piece;
  for (ssize_t size; (size = ::read(fd, piece.data(), piece.size())) > 0;) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

TEST_CASE("whichever standard descriptors are closed, the next descriptor is above them") {
  for (int closed = 0; closed < 8; ++closed) {
    CAPTURE(closed);
    CHECK(in_child_without(closed, [] {
            if (hold_standard_streams() != 0) return 1;
            return ::open("/", O_RDONLY) > STDERR_FILENO ? 0 : 2;
          }) == 0);
  }
}

TEST_CASE("the file in place of a closed descriptor can be neither read nor written") {
  CHECK(in_child_without(7, [] {
          if (hold_standard_streams() != 0) return 1;
          char byte = 0;
          if (::read(STDIN_FILENO, &byte, 1) != -1 || errno != EBADF) return 2;
          if (write_standard(StandardStream::output, "x") != EBADF) return 3;
          return write_standard(StandardStream::error, "x") == EBADF ? 0 : 4;
        }) == 0);
}

TEST_CASE("open standard descriptors are not changed") {
  CHECK(test::written_to(stdout, [] {
          CHECK(hold_standard_streams() == 0);
          CHECK(write_standard(StandardStream::output, "as before") == 0);
        }) == "as before");
}

TEST_CASE("text goes to the named stream") {
  CHECK(test::written_to(stderr, [] { write_standard(StandardStream::error, "e"); }) == "e");
  CHECK(test::written_to(stdout, [] { write_standard(StandardStream::output, "o"); }) == "o");
}

TEST_CASE("a stream without room is waited for, and everything is written") {
  FullPipe pipe;
  const std::string text(300'000, 't');
  int failed = -1;
  {
    const test::Redirection redirection(STDOUT_FILENO, pipe.writing.get());
    std::thread writer([&] { failed = write_standard(StandardStream::output, text); });
    pipe.writing.reset();
    std::string got(pipe.size + text.size(), '\0');
    for (std::size_t at = 0; at < got.size();) {
      const ssize_t size = ::read(pipe.reading.get(), got.data() + at, got.size() - at);
      REQUIRE(size > 0);
      at += static_cast<std::size_t>(size);
    }
    writer.join();
    CHECK(got.substr(pipe.size) == text);
  }
  CHECK(failed == 0);
  CHECK(read_all(pipe.reading.get()).empty());
}

TEST_CASE("a program can check whether a stream has room, and wait for it") {
  FullPipe pipe;
  const test::Redirection redirection(STDOUT_FILENO, pipe.writing.get());
  CHECK_FALSE(wait_for_room(StandardStream::output, std::chrono::milliseconds(0)));
  CHECK_FALSE(wait_for_room(StandardStream::output, std::chrono::milliseconds(20)));
  std::thread reader([&] {
    std::string piece(pipe.size, '\0');
    CHECK(::read(pipe.reading.get(), piece.data(), piece.size()) > 0);
  });
  CHECK(wait_for_room(StandardStream::output, std::chrono::milliseconds(30'000)));
  reader.join();
}

TEST_CASE("what needs no wait is written, and a full stream is an error at once") {
  FullPipe pipe;
  // The pipe of a program usually blocks.
  REQUIRE(::fcntl(pipe.writing.get(), F_SETFL, 0) == 0);
  const test::Redirection redirection(STDOUT_FILENO, pipe.writing.get());
  CHECK(write_standard_at_once(StandardStream::output, "x") == -EAGAIN);
  std::string got(pipe.size, '\0');
  CHECK(::read(pipe.reading.get(), got.data(), got.size()) > 0);
  CHECK(write_standard_at_once(StandardStream::output, "text") == 4);
}

TEST_CASE("a stream that cannot be written to returns the reason") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const test::Redirection redirection(STDOUT_FILENO, full.get());
  CHECK(write_standard(StandardStream::output, "x") == ENOSPC);
  CHECK(write_standard_at_once(StandardStream::output, "x") == -ENOSPC);
}

TEST_CASE("a line is written within its patience, or not at all") {
  using std::chrono::milliseconds;
  FullPipe pipe;
  // The pipe of a server usually blocks.
  REQUIRE(::fcntl(pipe.writing.get(), F_SETFL, 0) == 0);
  const test::Redirection redirection(STDOUT_FILENO, pipe.writing.get());
  CHECK(write_standard_within(StandardStream::output, "x", milliseconds(0)) == EAGAIN);
  CHECK(write_standard_within(StandardStream::output, "x", milliseconds(20)) == EAGAIN);
  const std::string text(10'000, 't');
  std::string got(pipe.size, '\0');
  std::thread reader([&] {
    std::size_t size = 0;
    while (size < pipe.size + text.size()) {
      const ssize_t piece = ::read(pipe.reading.get(), got.data(), got.size());
      if (piece <= 0) return;
      size += static_cast<std::size_t>(piece);
    }
  });
  CHECK(write_standard_within(StandardStream::output, text, milliseconds(30'000)) == 0);
  reader.join();
}

TEST_CASE("a stream that can never be written to is not waited for") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const test::Redirection redirection(STDOUT_FILENO, full.get());
  CHECK(write_standard_within(StandardStream::output, "x", std::chrono::hours(1)) == ENOSPC);
}

TEST_CASE("a terminal has a size if it is known, and other files have none") {
  const UniqueFd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal);
  {
    const test::Redirection redirection(STDOUT_FILENO, terminal.get());
    CHECK_FALSE(terminal_size(StandardStream::output));
    winsize size{};
    size.ws_col = 90;
    size.ws_row = 30;
    REQUIRE(::ioctl(terminal.get(), TIOCSWINSZ, &size) == 0);
    const auto found = terminal_size(StandardStream::output);
    REQUIRE(found);
    CHECK(found->columns == 90);
    CHECK(found->rows == 30);
  }
  const UniqueFd file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const test::Redirection redirection(STDOUT_FILENO, file.get());
  CHECK_FALSE(terminal_size(StandardStream::output));
}

}  // namespace hotline::standard_streams_test

#include "engine/operations/read_write.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "engine/signal_actions.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::engine::read_write_test {
namespace {

/// A pipe whose ends block, as those do that a program inherits.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reading = std::make_unique<Channel>(UniqueFd(ends[0]));
    writing = std::make_unique<Channel>(UniqueFd(ends[1]));
  }

  std::unique_ptr<Channel> reading;
  std::unique_ptr<Channel> writing;
};

int read_from(Channel& channel, std::string& into, Deadline deadline = Deadline::never()) {
  Read read(channel, std::as_writable_bytes(std::span(into)));
  return Engine::current().perform(read, deadline);
}

int write_to(Channel& channel, std::string_view text, Deadline deadline = Deadline::never()) {
  Write write(channel, as_bytes(text));
  return Engine::current().perform(write, deadline);
}

}  // namespace

TEST_CASE("bytes written to a pipe can be read from it, then its end, on every engine") {
  test::on_each_engine([] {
    Pipe pipe;
    CHECK(write_to(*pipe.writing, "hello") == 5);
    std::string text(100, '\0');
    CHECK(read_from(*pipe.reading, text) == 5);
    CHECK(text.starts_with("hello"));
    pipe.writing->close();
    CHECK(read_from(*pipe.reading, text) == 0);
  });
}

TEST_CASE("a blocking pipe does not block the thread, on every engine") {
  test::on_each_engine([] {
    Pipe pipe;
    std::string text(10, '\0');
    const Deadline soon = deadline_after(std::chrono::milliseconds(1));
    CHECK(read_from(*pipe.reading, text, soon) == -kDeadlineEnd);
    const std::string piece(64 * 1024, 'p');
    int result = 0;
    while ((result = write_to(*pipe.writing, piece, deadline_after(std::chrono::milliseconds(1)))) >
           0) {
    }
    CHECK(result == -kDeadlineEnd);
    CHECK((::fcntl(pipe.reading->fd(), F_GETFL) & O_NONBLOCK) == 0);
  });
}

TEST_CASE("a write to a pipe takes as much as a pipe promises to take") {
  test::on_each_engine([] {
    Pipe pipe;
    const std::string piece(64 * 1024, 'p');
    const int written = write_to(*pipe.writing, piece);
    CHECK(written > 0);
    CHECK(written <= 4096);
  });
}

TEST_CASE("a write to a pipe without a reader fails, on every engine") {
  ignore_failed_writes();
  test::on_each_engine([] {
    Pipe pipe;
    pipe.reading->close();
    CHECK(write_to(*pipe.writing, "x") == -EPIPE);
  });
}

TEST_CASE("a file is read at its position to its end, on every engine") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    Channel file{UniqueFd(::open(directory.file("f").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600))};
    CHECK(write_to(file, "content") == 7);
    REQUIRE(::lseek(file.fd(), 0, SEEK_SET) == 0);
    std::string text(4, '\0');
    CHECK(read_from(file, text) == 4);
    CHECK(text == "cont");
    CHECK(read_from(file, text) == 3);
    CHECK(read_from(file, text) == 0);
  });
}

TEST_CASE(
    "a non-blocking pipe is read and written without a poll, and as much at once as it takes") {
  test::on_each_engine([] {
    Pipe pipe;
    for (const Channel* each : {pipe.reading.get(), pipe.writing.get()}) {
      REQUIRE(::fcntl(each->fd(), F_SETFL, O_NONBLOCK) == 0);
    }
    const Deadline soon = deadline_after(std::chrono::milliseconds(1));
    std::string text(128 * 1024, 'p');
    Read early(*pipe.reading, std::as_writable_bytes(std::span(text)), OnDrain::goes_on,
               BlockingMode::non_blocking);
    CHECK(Engine::current().perform(early, soon) == -kDeadlineEnd);
    Write write(*pipe.writing, as_bytes(text), BlockingMode::non_blocking);
    const int written = Engine::current().perform(write, Deadline::never());
    CHECK(written > 4096);
    CHECK(Engine::current().perform(write, deadline_after(std::chrono::milliseconds(1))) ==
          -kDeadlineEnd);
    Read read(*pipe.reading, std::as_writable_bytes(std::span(text)), OnDrain::goes_on,
              BlockingMode::non_blocking);
    CHECK(Engine::current().perform(read, Deadline::never()) == written);
  });
}

}  // namespace hotline::engine::read_write_test

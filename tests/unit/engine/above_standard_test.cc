#include "engine/above_standard.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/child_process.h"
#include "engine/event_loop.h"
#include "engine/interrupter.h"
#include "engine/kernel.h"
#include "engine/mailbox.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine::above_standard_test {
namespace {

/// Standard input is closed while this exists, so that its number is the next to be assigned.
class WithoutInput {
 public:
  WithoutInput() : saved_(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) { ::close(STDIN_FILENO); }
  WithoutInput(const WithoutInput&) = delete;
  WithoutInput& operator=(const WithoutInput&) = delete;
  ~WithoutInput() { ::dup2(saved_.get(), STDIN_FILENO); }

  bool is_free() const { return ::fcntl(STDIN_FILENO, F_GETFD) < 0; }

 private:
  UniqueFd saved_;
};

int open_null() { return ::open("/dev/null", O_RDWR | O_CLOEXEC); }

}  // namespace

TEST_CASE("a descriptor above the standard ones stays where it is") {
  const UniqueFd fd(open_null());
  REQUIRE(fd.get() > STDERR_FILENO);
  CHECK(above_standard(fd.get()) == fd.get());
}

TEST_CASE("a descriptor that took the number of a standard one is moved, and the number is free") {
  const WithoutInput without;
  REQUIRE(without.is_free());
  const int low = open_null();
  REQUIRE(low == STDIN_FILENO);
  const UniqueFd moved(above_standard(low));
  CHECK(moved.get() > STDERR_FILENO);
  CHECK(::fcntl(moved.get(), F_GETFD) == FD_CLOEXEC);
  CHECK(without.is_free());
}

TEST_CASE("a negative descriptor stays negative, with its errno") {
  errno = EMFILE;
  CHECK(above_standard(-1) == -1);
  CHECK(errno == EMFILE);
}

TEST_CASE("a descriptor that cannot be moved is closed, and errno has the reason") {
  const WithoutInput without;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int low = open_null();
  REQUIRE(low == STDIN_FILENO);
  const rlimit none{3, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const int moved = above_standard(low);
  const int error = errno;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(moved == -1);
  CHECK(error == EINVAL);
  CHECK(without.is_free());
}

TEST_CASE("both ends of a pair are moved") {
  const WithoutInput without;
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  REQUIRE(ends[0] == STDIN_FILENO);
  REQUIRE(above_standard(ends));
  const UniqueFd first(ends[0]);
  const UniqueFd second(ends[1]);
  CHECK(first.get() > STDERR_FILENO);
  CHECK(second.get() > STDERR_FILENO);
  CHECK(without.is_free());
}

TEST_CASE("no descriptor that the engine opens takes the number of a standard one") {
  const WithoutInput without;
  Kernel kernel;
  const UniqueFd socket(kernel.open_socket(AF_INET, SOCK_STREAM));
  CHECK(socket.get() > STDERR_FILENO);
  const UniqueFd counter(kernel.open_counter());
  CHECK(counter.get() > STDERR_FILENO);
  const UniqueFd duplicate(kernel.duplicate(socket.get()));
  CHECK(duplicate.get() > STDERR_FILENO);
  CHECK(Interrupter().fd() > STDERR_FILENO);
  CHECK(Mailbox().fd() > STDERR_FILENO);
  for (const EngineKind kind : {EngineKind::epoll, EngineKind::automatic}) {
    const auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    CHECK(without.is_free());
  }
}

}  // namespace hotline::engine::above_standard_test

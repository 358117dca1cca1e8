#include "engine/call_wait.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
#include "support/sockets.h"

namespace hotline::engine::call_wait_test {
namespace {

void note_polls(CallWait& call_wait, int fd, unsigned count) {
  for (unsigned i = 0; i < count; ++i) call_wait.note_poll(fd);
}

bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

TEST_CASE("a connection is waited for in the call after some polls, if that is allowed") {
  auto [ours, peer] = test::stream_pair();
  CallWait call_wait;
  note_polls(call_wait, ours.get(), 2 * CallWait::kWaitsBefore);
  CHECK_FALSE(call_wait.is_on());
  CHECK(is_non_blocking(ours.get()));
  call_wait.allow();
  note_polls(call_wait, ours.get(), CallWait::kWaitsBefore - 1);
  CHECK_FALSE(call_wait.is_on());
  CHECK(is_non_blocking(ours.get()));
  note_polls(call_wait, ours.get(), 1);
  CHECK(call_wait.is_on());
  CHECK_FALSE(is_non_blocking(ours.get()));
}

TEST_CASE("a wait in the call ends without data") {
  auto [ours, peer] = test::stream_pair();
  CallWait call_wait;
  call_wait.allow();
  note_polls(call_wait, ours.get(), CallWait::kWaitsBefore);
  char byte = 0;
  // A process of another test may end in between.
  ssize_t result = 0;
  do result = ::recv(ours.get(), &byte, 1, 0);
  while (result < 0 && errno == EINTR);
  CHECK(result < 0);
  CHECK(errno == EAGAIN);
}

TEST_CASE("an idle connection is polled again, as often as at first") {
  auto [ours, peer] = test::stream_pair();
  CallWait call_wait;
  call_wait.allow();
  note_polls(call_wait, ours.get(), CallWait::kWaitsBefore);
  call_wait.note_idle();
  CHECK_FALSE(call_wait.is_on());
  note_polls(call_wait, ours.get(), CallWait::kWaitsBefore);
  CHECK(call_wait.is_on());
}

TEST_CASE("forbidden, calls do not wait any more") {
  auto [ours, peer] = test::stream_pair();
  CallWait call_wait;
  call_wait.allow();
  note_polls(call_wait, ours.get(), CallWait::kWaitsBefore);
  call_wait.forbid(ours.get());
  CHECK(is_non_blocking(ours.get()));
  call_wait.allow();
  note_polls(call_wait, ours.get(), 2 * CallWait::kWaitsBefore);
  CHECK_FALSE(call_wait.is_on());
  CHECK(is_non_blocking(ours.get()));
}

TEST_CASE("forbidden beforehand, it cannot be allowed") {
  auto [ours, peer] = test::stream_pair();
  CallWait call_wait;
  call_wait.forbid(ours.get());
  call_wait.allow();
  note_polls(call_wait, ours.get(), CallWait::kWaitsBefore);
  CHECK_FALSE(call_wait.is_on());
}

TEST_CASE("a descriptor of a pipe is always polled") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  CallWait call_wait;
  call_wait.allow();
  note_polls(call_wait, reader.get(), 2 * CallWait::kWaitsBefore);
  CHECK_FALSE(call_wait.is_on());
  CHECK(is_non_blocking(reader.get()));
}

}  // namespace
}  // namespace hotline::engine::call_wait_test

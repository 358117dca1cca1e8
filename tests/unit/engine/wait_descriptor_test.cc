#include "hotline/engine/wait_descriptor.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::wait_descriptor_test {
namespace {

using std::chrono::milliseconds;

Deadline soon() { return deadline_after(milliseconds(1)); }

/// Fills what the peer does not read.
void fill(int fd) {
  const std::array<char, 4096> chunk{};
  while (::send(fd, chunk.data(), chunk.size(), MSG_DONTWAIT) > 0) {
  }
}

}  // namespace

TEST_CASE("a descriptor is readable when something has come, and the wait reads nothing") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    CHECK(test::kind_of(wait_readable(ours.get(), soon())) == "timed_out");
    test::send_text(peer.get(), "text");
    CHECK(wait_readable(ours.get()));
    CHECK(wait_readable(ours.get(), Deadline::at(now())));
    std::array<char, 8> into{};
    CHECK(::recv(ours.get(), into.data(), into.size(), MSG_DONTWAIT) == 4);
    CHECK(test::kind_of(wait_readable(ours.get(), soon())) == "timed_out");
  });
}

TEST_CASE("a fiber that waits for a descriptor lets the others run, and wakes when it is ready") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    TaskGroup group;
    bool was_ready = false;
    REQUIRE(group.spawn("waiter", [&, fd = ours.get()] { was_ready = !!wait_readable(fd); }));
    REQUIRE(group.spawn("sender", [&, fd = peer.get()] { test::send_text(fd, "text"); }));
    CHECK(group.join());
    CHECK(was_ready);
  });
}

TEST_CASE("a descriptor is writable when there is room") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    CHECK(wait_writable(ours.get()));
    fill(ours.get());
    CHECK(test::kind_of(wait_writable(ours.get(), soon())) == "timed_out");
    std::array<char, 65536> into{};
    while (::recv(peer.get(), into.data(), into.size(), MSG_DONTWAIT) > 0) {
    }
    CHECK(wait_writable(ours.get()));
  });
}

TEST_CASE("the end of the peer makes a descriptor readable") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    peer.reset();
    CHECK(wait_readable(ours.get()));
  });
}

TEST_CASE("one descriptor is waited for again and again, and both ways at once") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    fill(ours.get());
    for (int i = 0; i < 3; ++i) {
      TaskGroup group;
      std::string kinds;
      REQUIRE(group.spawn("reader", [&, fd = ours.get()] {
        kinds += test::kind_of(wait_readable(fd, soon())) + ' ';
      }));
      REQUIRE(group.spawn("writer", [&, fd = ours.get()] {
        kinds += test::kind_of(wait_writable(fd, soon())) + ' ';
      }));
      CHECK(group.join());
      CHECK(kinds == "timed_out timed_out ");
    }
  });
}

TEST_CASE("a cancel ends a wait for a descriptor") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    std::string kind;
    TaskGroup group;
    REQUIRE(
        group.spawn("waiter", [&, fd = ours.get()] { kind = test::kind_of(wait_readable(fd)); }));
    group.cancel();
    CHECK(group.join());
    CHECK(kind == "cancelled");
  });
}

TEST_CASE("a drain ends a wait for a descriptor only if the wait says so") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    fill(ours.get());
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&, fd = ours.get(), other = peer.get()] {
      CHECK(test::kind_of(wait_readable(fd, Deadline::never(), OnDrain::ends)) == "draining");
      CHECK(test::kind_of(wait_writable(fd, Deadline::never(), OnDrain::ends)) == "draining");
      CHECK(test::kind_of(wait_readable(fd, soon())) == "timed_out");
      test::send_text(other, "text");
      CHECK(wait_readable(fd, Deadline::never(), OnDrain::ends));
    }));
    REQUIRE(group.spawn("drainer", [&] { group.drain(); }));
    CHECK(group.join());
  });
}

TEST_CASE("a descriptor that is not open is refused") {
  test::on_each_engine([] {
    const auto waited = wait_readable(-1);
    REQUIRE_FALSE(waited);
    CHECK(waited.error().native_code == EBADF);
  });
}

TEST_CASE("the mode of the descriptor stays as it was") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    ::fcntl(ours.get(), F_SETFL, 0);
    CHECK(wait_writable(ours.get()));
    CHECK((::fcntl(ours.get(), F_GETFL) & O_NONBLOCK) == 0);
  });
}

}  // namespace hotline::wait_descriptor_test

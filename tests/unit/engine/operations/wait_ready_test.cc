#include "engine/operations/wait_ready.h"

#include <cerrno>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::wait_ready_test {
namespace {

int wait_ready(Channel& channel, Direction direction) {
  WaitReady wait(channel, direction);
  return Engine::current().perform(wait, deadline_after(std::chrono::milliseconds(2)));
}

}  // namespace

TEST_CASE("a descriptor is ready when it can be read, written or has ended, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    CHECK(wait_ready(channel, Direction::read) == -kDeadlineEnd);
    CHECK(wait_ready(channel, Direction::write) == 0);
    test::send_text(peer.get(), "x");
    CHECK(wait_ready(channel, Direction::read) == 0);
    CHECK(wait_ready(channel, Direction::read) == 0);
    CHECK(test::receive_text(channel.fd(), 1) == "x");
    CHECK(wait_ready(channel, Direction::read) == -kDeadlineEnd);
    peer.reset();
    CHECK(wait_ready(channel, Direction::read) == 0);
  });
}

TEST_CASE("a full socket is not ready to be written to, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    const std::size_t filled = test::fill(ours.get());
    Channel channel(std::move(ours));
    CHECK(wait_ready(channel, Direction::write) == -kDeadlineEnd);
    test::receive_text(peer.get(), filled);
    CHECK(wait_ready(channel, Direction::write) == 0);
  });
}

}  // namespace hotline::engine::wait_ready_test

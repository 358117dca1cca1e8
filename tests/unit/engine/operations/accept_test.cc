#include "engine/operations/accept.h"

#include <fcntl.h>

#include <cerrno>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::accept_test {

TEST_CASE("an accepted descriptor is non-blocking and closed on exec, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    Channel listener(std::move(listening));
    const UniqueFd caller = test::connect_tcp(port);
    Accept accept(listener, Accept::Ahead::allowed);
    const UniqueFd accepted(Engine::current().perform(accept, Deadline::never()));
    REQUIRE(accepted);
    CHECK((::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC) != 0);
  });
}

TEST_CASE("without a caller there is nothing to accept yet") {
  auto [listening, port] = test::tcp_listener();
  Channel listener(std::move(listening));
  Accept accept(listener, Accept::Ahead::allowed);
  CHECK(accept.attempt() == -EAGAIN);
  CHECK(accept.is_drainable());
  CHECK(accept.direction() == Direction::read);
}

TEST_CASE("a socket that does not listen accepts no callers, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    Accept accept(channel, Accept::Ahead::allowed);
    CHECK(Engine::current().perform(accept, Deadline::never()) == -EINVAL);
  });
}

TEST_CASE("each accept returns one caller, ahead or not, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    Channel listener(std::move(listening));
    for (int i = 0; i < 8; ++i) {
      const UniqueFd caller = test::connect_tcp(port);
      Accept accept(listener, i % 3 == 0 ? Accept::Ahead::allowed : Accept::Ahead::none);
      const UniqueFd accepted(Engine::current().perform(accept, Deadline::never()));
      test::send_text(caller.get(), "x");
      test::wait_readable(accepted.get());
      CHECK(test::receive_text(accepted.get(), 1) == "x");
    }
  });
}

TEST_CASE("an accept that does not run ahead leaves others in the backlog, on every engine") {
  test::on_each_engine([] {
    auto [listening, port] = test::tcp_listener();
    const UniqueFd one = test::connect_tcp(port);
    const UniqueFd other = test::connect_tcp(port);
    const UniqueFd duplicate(::fcntl(listening.get(), F_DUPFD_CLOEXEC, 3));
    Channel listener(std::move(listening));
    Accept accept(listener, Accept::Ahead::none);
    CHECK(UniqueFd(Engine::current().perform(accept, Deadline::never())));
    if (EventLoop* loop = EventLoop::running()) {
      for (int i = 0; i < 5; ++i) loop->yield();
    }
    Channel second{UniqueFd(::fcntl(duplicate.get(), F_DUPFD_CLOEXEC, 3))};
    Accept left(second, Accept::Ahead::none);
    CHECK(UniqueFd(left.attempt()));
  });
}

}  // namespace hotline::engine::accept_test

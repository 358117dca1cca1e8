#include "engine/epoll/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/operations/accept.h"
#include "engine/operations/datagrams.h"
#include "engine/operations/receive.h"
#include "engine/operations/send.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/sockets.h"

// event_loop_test and cancellation_test check what every engine with a loop must do. Here is what
// could go wrong with readiness, so it runs on all of them.

namespace hotline::engine::epoll_loop_test {
namespace {

int receive(EventLoop& loop, Channel& channel, Buffer& buffer) {
  Receive operation(channel, loop);
  const int result = loop.perform(operation, Deadline::never());
  buffer = std::move(operation.buffer);
  return result;
}

int receive_into(EventLoop& loop, Channel& channel, MutableBytes into) {
  Receive operation(channel, loop, into);
  return loop.perform(operation, Deadline::never());
}

/// Returns the events for which some epoll of this process watches `fd`, or 0.
unsigned long watched_events(int fd) {
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(each.path());
    std::string word;
    while (info >> word) {
      int watched = -1;
      if (word != "tfd:" || !(info >> watched) || watched != fd) continue;
      unsigned long events = 0;
      info >> word >> std::hex >> events;
      return events;
    }
  }
  return 0;
}

}  // namespace

TEST_CASE("pieces that arrive between reads of any size are all received, in order") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    std::string sent;
    std::string received;
    std::string into(7, '\0');
    for (int i = 0; i < 500; ++i) {
      const std::string piece(static_cast<std::size_t>(i % 13 + 1),
                              static_cast<char>('a' + i % 26));
      test::send_text(peer.get(), piece);
      sent += piece;
      while (received.size() < sent.size()) {
        const auto unread = channel.unread;
        if (!unread.empty()) {
          received += as_text(unread);
          channel.unread = {};
          channel.lease = {};
          continue;
        }
        const int result = receive_into(loop, channel, std::as_writable_bytes(std::span(into)));
        REQUIRE(result > 0);
        received += into.substr(0, static_cast<std::size_t>(result));
      }
    }
    CHECK(received == sent);
  });
}

TEST_CASE("the end comes after the last bytes, and stays") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    test::send_text(peer.get(), "last");
    peer.reset();
    Buffer buffer;
    CHECK(receive(loop, channel, buffer) == 4);
    buffer = {};
    CHECK(receive(loop, channel, buffer) == 0);
    CHECK(receive(loop, channel, buffer) == 0);
  });
}

TEST_CASE("an end that comes while a fiber waits wakes it") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    int result = -1;
    loop.spawn(
        "receiver",
        [&] {
          Buffer buffer;
          result = receive(loop, channel, buffer);
        },
        &group);
    for (int i = 0; i < 3; ++i) loop.yield();
    peer.reset();
    group.join();
    CHECK(result == 0);
  });
}

TEST_CASE("one fiber reads and another writes on the same channel at once") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    const std::size_t filled = test::fill(channel.fd());
    FiberGroup group(loop);
    int sent = 0;
    int received = 0;
    loop.spawn(
        "writer",
        [&] {
          Send send(channel, as_bytes("w"));
          sent = loop.perform(send, Deadline::never());
        },
        &group);
    loop.spawn(
        "reader",
        [&] {
          Buffer buffer;
          received = receive(loop, channel, buffer);
        },
        &group);
    for (int i = 0; i < 3; ++i) loop.yield();
    test::send_text(peer.get(), "reply");
    test::receive_text(peer.get(), filled);
    group.join();
    CHECK(sent == 1);
    CHECK(received == 5);
  });
}

TEST_CASE("a descriptor that is also open in another process does not wake a loop it has left") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    const UniqueFd duplicate(::dup(ours.get()));
    {
      Channel channel(std::move(ours));
      test::send_text(peer.get(), "x");
      Buffer buffer;
      REQUIRE(receive(loop, channel, buffer) == 1);
    }
    test::send_text(peer.get(), "for the duplicate");
    for (int i = 0; i < 5; ++i) loop.yield();
    CHECK(test::receive_text(duplicate.get(), 17) == "for the duplicate");
  });
}

TEST_CASE("when all buffers are used, receiving waits until one is returned") {
  LoopOptions options;
  options.receive_buffer_bytes = 4096;
  options.receive_memory_max = 2 * 4096;
  options.hot_buffers = 2;
  test::on_each_loop(
      [](EventLoop& loop) {
        auto [ours_1, peer_1] = test::stream_pair();
        auto [ours_2, peer_2] = test::stream_pair();
        auto [ours_3, peer_3] = test::stream_pair();
        Channel one(std::move(ours_1));
        Channel two(std::move(ours_2));
        Channel three(std::move(ours_3));
        for (const int fd : {peer_1.get(), peer_2.get()}) test::send_text(fd, "x");
        // So much that it may not be received into memory of its own.
        test::send_text(peer_3.get(), std::string(2 * 4096, 'x'));
        Buffer first;
        Buffer second;
        REQUIRE(receive(loop, one, first) == 1);
        REQUIRE(receive(loop, two, second) == 1);
        FiberGroup group(loop);
        int third = 0;
        loop.spawn(
            "starved",
            [&] {
              Buffer buffer;
              third = receive(loop, three, buffer);
            },
            &group);
        for (int i = 0; i < 5; ++i) loop.yield();
        CHECK(third == 0);
        first = {};
        // Nothing else happens: the return of the buffer alone must wake the fiber that waits for
        // it.
        group.join();
        CHECK(third == 4096);
      },
      options);
}

TEST_CASE("without memory for any buffer, receiving fails") {
  LoopOptions options;
  // More than there is address space for.
  options.receive_buffer_bytes = std::size_t{1} << 50;
  options.receive_memory_max = std::size_t{1} << 50;
  test::on_each_loop(
      [](EventLoop& loop) {
        auto [ours, peer] = test::stream_pair();
        Channel channel(std::move(ours));
        test::send_text(peer.get(), std::string(2 * 4096, 'x'));
        Buffer buffer;
        for (int i = 0; i < 2; ++i) CHECK(receive(loop, channel, buffer) == -ENOBUFS);
      },
      options);
}

TEST_CASE("many fibers that wait for buffers all get one in the end") {
  LoopOptions options;
  options.receive_buffer_bytes = 4096;
  options.receive_memory_max = 4 * 4096;
  options.hot_buffers = 4;
  test::on_each_loop(
      [](EventLoop& loop) {
        FiberGroup group(loop);
        int done = 0;
        for (int i = 0; i < 50; ++i) {
          loop.spawn(
              "receiver",
              [&] {
                auto [ours, peer] = test::stream_pair();
                Channel channel(std::move(ours));
                test::send_text(peer.get(), "x");
                Buffer buffer;
                if (receive(loop, channel, buffer) == 1) ++done;
                CHECK(sleep_for(std::chrono::microseconds(200)));
              },
              &group);
        }
        group.join();
        CHECK(done == 50);
      },
      options);
}

TEST_CASE("loops that share a listener all accept callers, and no caller is left waiting") {
  for (const EngineKind kind : test::loop_engines()) {
    auto [listening, port] = test::tcp_listener(64);
    std::vector<UniqueFd> callers;
    std::atomic<int> accepted = 0;
    constexpr int kCallers = 40;
    const auto serve = [&, fd = listening.get()] {
      auto loop = make_event_loop({.engine = kind});
      if (!loop) return;
      (*loop)->spawn("accept", [&] {
        Channel listener{UniqueFd(::dup(fd))};
        while (accepted < kCallers) {
          Accept accept(listener, Accept::Ahead::allowed);
          UniqueFd caller((*loop)->perform(accept, deadline_after(std::chrono::milliseconds(5))));
          if (caller) ++accepted;
        }
      });
      (*loop)->run();
    };
    std::jthread one(serve);
    std::jthread other(serve);
    for (int i = 0; i < kCallers; ++i) callers.push_back(test::connect_tcp(port));
    one.join();
    other.join();
    CHECK(accepted == kCallers);
  }
}

TEST_CASE("a fiber that always has data to receive lets the others run") {
  test::on_each_loop([](EventLoop& loop) {
    auto [ours, peer] = test::stream_pair();
    Channel channel(std::move(ours));
    FiberGroup group(loop);
    bool has_run = false;
    loop.spawn(
        "other", [&] { has_run = true; }, &group);
    int rounds = 0;
    std::byte one{};
    for (; !has_run && rounds < 10'000; ++rounds) {
      test::send_text(peer.get(), "x");
      REQUIRE(receive_into(loop, channel, {&one, 1}) == 1);
    }
    CHECK(rounds < 200);
    group.join();
  });
}

TEST_CASE("room to send datagrams wakes a loop only after a send has waited for it") {
  EpollLoop loop({});
  auto [ours, peer] = test::datagram_pair();
  Channel channel(std::move(ours));
  char byte = 'x';
  iovec piece{&byte, 1};
  mmsghdr header{};
  header.msg_hdr.msg_iov = &piece;
  header.msg_hdr.msg_iovlen = 1;
  REQUIRE(loop.spawn("receive", [&] {
    ReceiveDatagrams operation(channel, {&header, 1});
    CHECK(loop.perform(operation, Deadline::never()) == 1);
  }));
  REQUIRE(loop.spawn("send", [&] {
    loop.yield();
    CHECK((watched_events(channel.fd()) & (EPOLLIN | EPOLLOUT)) == EPOLLIN);
    mmsghdr other{header};
    SendDatagrams operation(channel, {&other, 1});
    int result = 0;
    do {
      result = loop.perform(operation, Deadline::at(loop.read_clock()));
    } while (result == 1);
    CHECK(result == -kDeadlineEnd);
    REQUIRE(loop.spawn("make room", [&] {
      loop.yield();
      CHECK((watched_events(channel.fd()) & EPOLLOUT) != 0);
      // Room for one more is too little for the kernel to report.
      char taken = 0;
      while (::recv(peer.get(), &taken, 1, MSG_DONTWAIT) == 1) CHECK(taken == 'x');
    }));
    CHECK(loop.perform(operation, Deadline::after(loop.read_clock(), std::chrono::seconds(10))) ==
          1);
    test::send_text(peer.get(), "end");
  }));
  loop.run();
}

}  // namespace hotline::engine::epoll_loop_test

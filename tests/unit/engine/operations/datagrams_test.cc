#include "engine/operations/datagrams.h"

#include <linux/net_tstamp.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::datagrams_test {
namespace {

constexpr std::size_t kCount = 8;

// More than a loop may still receive one by one, before it sees that they have come at once.
constexpr int kBurst = 40;

/// Room for a few datagrams, in the form that the kernel takes.
struct Messages {
  explicit Messages(std::size_t size = 100) {
    for (std::size_t i = 0; i < kCount; ++i) {
      texts[i].resize(size);
      pieces[i] = {texts[i].data(), size};
      headers[i].msg_hdr.msg_iov = &pieces[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::string text(std::size_t i) const { return texts[i].substr(0, headers[i].msg_len); }

  std::array<std::string, kCount> texts;
  std::array<iovec, kCount> pieces{};
  std::array<mmsghdr, kCount> headers{};
};

int receive(Channel& channel, std::span<mmsghdr> headers) {
  ReceiveDatagrams operation(channel, headers);
  return Engine::current().perform(operation, Deadline::never());
}

}  // namespace

TEST_CASE("as many datagrams are received as have arrived and fit, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    for (const char* text : {"one", "two", "three"}) test::send_text(peer.get(), text);
    Messages messages;
    CHECK(receive(channel, std::span(messages.headers).first(2)) == 2);
    CHECK(messages.text(0) == "one");
    CHECK(messages.text(1) == "two");
    CHECK(receive(channel, messages.headers) == 1);
    CHECK(messages.text(0) == "three");
  });
}

TEST_CASE("an empty datagram is received as a datagram, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    Messages messages;
    for (int i = 0; i < 30; ++i) {
      REQUIRE(::send(peer.get(), "", 0, 0) == 0);
      messages.headers[0].msg_len = 1;
      CHECK(receive(channel, messages.headers) == 1);
      CHECK(messages.headers[0].msg_len == 0);
    }
  });
}

TEST_CASE("datagrams that come one by one are received, and then a burst, in order") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    Messages messages;
    for (int i = 0; i < 40; ++i) {
      const std::string text = std::to_string(i);
      std::thread later;
      // Most arrive while the receive waits, some before.
      if (i % 4 == 0) {
        test::send_text(peer.get(), text);
      } else {
        later = std::thread([&] { test::send_text(peer.get(), text); });
      }
      CHECK(receive(channel, messages.headers) == 1);
      CHECK(messages.text(0) == text);
      if (later.joinable()) later.join();
    }
    for (int i = 0; i < kBurst; ++i) test::send_text(peer.get(), std::to_string(i));
    int largest = 0;
    for (int next = 0; next < kBurst;) {
      const int count = receive(channel, messages.headers);
      REQUIRE(count > 0);
      largest = std::max(largest, count);
      for (int i = 0; i < count; ++i, ++next) {
        CHECK(messages.text(static_cast<std::size_t>(i)) == std::to_string(next));
      }
    }
    CHECK(largest == static_cast<int>(kCount));
  });
}

TEST_CASE("a deadline ends the wait for a datagram after many that came one by one") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    Messages messages;
    for (int i = 0; i < 20; ++i) {
      test::send_text(peer.get(), "x");
      REQUIRE(receive(channel, messages.headers) == 1);
    }
    ReceiveDatagrams operation(channel, messages.headers);
    Engine& engine = Engine::current();
    const Deadline deadline = Deadline::after(engine.read_clock(), std::chrono::milliseconds(20));
    CHECK(engine.perform(operation, deadline) == -kDeadlineEnd);
    test::send_text(peer.get(), "after");
    CHECK(receive(channel, messages.headers) == 1);
    CHECK(messages.text(0) == "after");
  });
}

TEST_CASE("a batch that was not filled shows that nothing more has arrived") {
  auto [ours, peer] = test::datagram_pair();
  Channel channel(std::move(ours));
  Messages messages;
  ReceiveDatagrams operation(channel, messages.headers);
  CHECK(operation.attempt() == -EAGAIN);
  CHECK(operation.has_exhausted(3));
  CHECK_FALSE(operation.has_exhausted(kCount));
  CHECK(operation.is_drainable());
}

TEST_CASE("datagrams are sent together and arrive one by one, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    Messages messages(3);
    for (std::size_t i = 0; i < kCount; ++i) messages.texts[i] = "m" + std::to_string(i) + "!";
    for (std::size_t i = 0; i < kCount; ++i) messages.pieces[i].iov_base = messages.texts[i].data();
    SendDatagrams operation(channel, messages.headers);
    CHECK(Engine::current().perform(operation, Deadline::never()) == kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
      std::string text(100, '\0');
      REQUIRE(::recv(peer.get(), text.data(), text.size(), 0) == 3);
      CHECK(text.substr(0, 3) == messages.texts[i]);
    }
  });
}

TEST_CASE("datagrams to a peer that has gone are refused, on every engine") {
  test::on_each_engine([] {
    auto [ours, peer] = test::datagram_pair();
    Channel channel(std::move(ours));
    peer.reset();
    Messages messages;
    SendDatagrams operation(channel, messages.headers);
    const int result = Engine::current().perform(operation, Deadline::never());
    CHECK((result == -ECONNREFUSED || result == -ENOTCONN));
  });
}

namespace {

/// A UDP socket that is bound to 127.0.0.1 and notes when its datagrams are sent.
UniqueFd timed_socket() {
  UniqueFd fd(Engine::current().open_socket(AF_INET, SOCK_DGRAM));
  REQUIRE(Engine::current().bind(fd.get(), test::ipv4_address(0)) == 0);
  const int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE;
  REQUIRE(Engine::current().set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPING, &flags,
                                       sizeof flags) == 0);
  return fd;
}

/// Sends one datagram from `channel` to itself, and receives it: only its sent time is left.
void leave_sent_time(Channel& channel) {
  const SocketAddress own = test::bound_address(channel.fd());
  REQUIRE(::sendto(channel.fd(), "x", 1, 0, static_cast<const sockaddr*>(own.data()),
                   static_cast<socklen_t>(own.size())) == 1);
  Messages messages;
  REQUIRE(receive(channel, messages.headers) == 1);
}

/// Counts how often it is asked to empty the error queue.
class CountingReader final : public ErrorQueueReader {
 public:
  explicit CountingReader(bool empties) : empties_(empties) {}

  void read_errors(Channel& channel) noexcept override {
    ++count;
    Messages messages;
    ReceiveErrors operation(channel, messages.headers);
    if (empties_) last = Engine::current().attempt(operation);
  }

  bool expects_errors() const noexcept override { return true; }

  int count = 0;
  int last = 0;

 private:
  bool empties_;
};

constexpr auto kWait = std::chrono::milliseconds(30);

}  // namespace

TEST_CASE("a wait that an error queue ends has the queue emptied, and then goes on") {
  test::on_each_engine([] {
    Channel channel(timed_socket());
    leave_sent_time(channel);
    CountingReader reader(true);
    Messages messages;
    ReceiveDatagrams operation(channel, messages.headers, &reader);
    Engine& engine = Engine::current();
    const Deadline deadline = Deadline::after(engine.read_clock(), kWait);
    CHECK(engine.perform(operation, deadline) == -kDeadlineEnd);
    CHECK(deadline.has_passed(engine.read_clock()));
    // Once because of the queue, and once for the last attempt at the deadline.
    CHECK(reader.count <= 3);
    ReceiveErrors left(channel, messages.headers);
    CHECK(engine.attempt(left) == (reader.count > 0 ? -EAGAIN : 1));
  });
}

TEST_CASE("a datagram ends the wait that an error queue has disturbed") {
  test::on_each_engine([] {
    Channel channel(timed_socket());
    CountingReader reader(true);
    for (int i = 0; i < 5; ++i) {
      leave_sent_time(channel);
      const SocketAddress own = test::bound_address(channel.fd());
      UniqueFd peer(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        ::sendto(peer.get(), "y", 1, 0, static_cast<const sockaddr*>(own.data()),
                 static_cast<socklen_t>(own.size()));
      });
      Messages messages;
      ReceiveDatagrams operation(channel, messages.headers, &reader);
      const int count = Engine::current().perform(
          operation, Deadline::after(Engine::current().now(), std::chrono::seconds(10)));
      later.join();
      CHECK(count == 1);
      CHECK(messages.text(0) == "y");
    }
    CHECK(reader.count <= 10);
  });
}

TEST_CASE("an error queue is read like datagrams, and without waiting") {
  test::on_each_engine([] {
    Channel channel(timed_socket());
    Messages messages;
    ReceiveErrors operation(channel, messages.headers);
    CHECK(Engine::current().attempt(operation) == -EAGAIN);
    leave_sent_time(channel);
    CHECK(Engine::current().attempt(operation) == 1);
    CHECK(messages.text(0).ends_with("x"));
  });
}

}  // namespace hotline::engine::datagrams_test

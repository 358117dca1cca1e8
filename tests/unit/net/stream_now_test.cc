#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "hotline/engine/clock.h"
#include "hotline/net/stream.h"
#include "net/stream_access.h"
#include "support/loops.h"
#include "support/sockets.h"

// What a stream does without waiting: Stream::receive_now, write_now and watch.

namespace hotline::stream_now_test {
namespace {

using std::chrono::milliseconds;

/// A stream and its peer's plain socket.
struct Call {
  Stream stream;
  UniqueFd peer;
};

Call call_over(std::pair<UniqueFd, UniqueFd> sockets, StreamOptions options) {
  return {net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(sockets.first)),
                                  *Endpoint::parse("unix:@peer"), options),
          std::move(sockets.second)};
}

Call unix_call(StreamOptions options = {}) { return call_over(test::stream_pair(), options); }

Call tcp_call() {
  const auto [listener, port] = test::tcp_listener();
  UniqueFd peer = test::connect_tcp(port);
  test::wait_readable(listener.get());
  UniqueFd ours(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  return call_over({std::move(ours), std::move(peer)}, {});
}

/// Returns what has arrived, "" if nothing, or the kind of the failure in angle brackets.
std::string received_now(Stream& stream) {
  const auto bytes = stream.receive_now();
  return bytes ? std::string(as_text(*bytes)) : "<" + test::kind_of(bytes) + ">";
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : "<" + test::kind_of(bytes) + ">";
}

/// Tries until something has arrived: what the kernel has may come with the loop's next turns.
std::string soon_received_now(Stream& stream) {
  for (;;) {
    const std::string text = received_now(stream);
    if (!text.empty()) return text;
    if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
  }
}

void reset(UniqueFd& peer) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  peer.reset();
}

class CountedWatch final : public engine::ReadWatch {
 public:
  explicit CountedWatch(engine::EventLoop& loop) : told_(loop) {}

  void ready() noexcept override {
    ++count_;
    told_.set();
  }
  bool is_told() { return told_.wait(deadline_after(std::chrono::seconds(10))) == 0; }
  int count() const { return count_; }

 private:
  engine::LoopEvent told_;
  int count_ = 0;
};

/// Writes repeatedly until the stream, whose peer reads nothing, takes nothing. Returns how many
/// bytes it took.
std::size_t write_until_full(Stream& stream, std::span<const Bytes> pieces) {
  std::size_t written = 0;
  while (const std::size_t count = stream.write_now(pieces)) written += count;
  return written;
}

}  // namespace

TEST_CASE("a receive that does not wait returns what has arrived, or an empty lease") {
  test::on_each_engine([] {
    Call call = unix_call();
    CHECK(received_now(call.stream).empty());
    CHECK(received_now(call.stream).empty());
    test::send_text(call.peer.get(), "hello");
    CHECK(received_now(call.stream) == "hello");
    CHECK(received_now(call.stream).empty());
    test::send_text(call.peer.get(), "again");
    CHECK(received_now(call.stream) == "again");
    CHECK(!call.stream.end_reason());
  });
}

TEST_CASE("a receive that found nothing without waiting has not begun the call") {
  test::on_each_engine([] {
    StreamOptions options;
    options.timeouts = {.first_byte = milliseconds(1), .idle = std::chrono::hours(1)};
    Call call = unix_call(options);
    CHECK(received_now(call.stream).empty());
    CHECK(received(call.stream) == "<timed_out>");
  });
}

TEST_CASE("a receive that does not wait sees the end as receive does, after all bytes") {
  test::on_each_engine([] {
    Call call = unix_call();
    test::send_text(call.peer.get(), "last");
    call.peer.reset();
    CHECK(received_now(call.stream) == "last");
    CHECK(soon_received_now(call.stream) == "<closed>");
    CHECK(received_now(call.stream) == "<closed>");
    CHECK(received(call.stream) == "<closed>");
    CHECK(call.stream.ended_with(ErrorKind::closed));
  });
}

TEST_CASE("a receive that does not wait sees a reset as receive does, and it stays") {
  test::on_each_engine([] {
    Call call = tcp_call();
    reset(call.peer);
    CHECK(soon_received_now(call.stream) == "<reset>");
    CHECK(received_now(call.stream) == "<reset>");
    CHECK(call.stream.ended_with(ErrorKind::reset));
  });
}

TEST_CASE("a limit for one receive limits one that does not wait") {
  test::on_each_engine([] {
    StreamOptions options;
    options.receive_max = 4;
    Call call = unix_call(options);
    test::send_text(call.peer.get(), "0123456789");
    CHECK(received_now(call.stream) == "0123");
    CHECK(received(call.stream) == "4567");
    CHECK(received_now(call.stream) == "89");
    CHECK(received_now(call.stream).empty());
  });
}

TEST_CASE("bytes that another read left are returned without waiting") {
  test::on_each_engine([] {
    Call call = unix_call();
    test::send_text(call.peer.get(), "0123456789");
    std::array<std::byte, 3> into{};
    CHECK(received_now(call.stream) == "0123456789");
    test::send_text(call.peer.get(), "abcdef");
    // The first read of a loop takes all that has arrived.
    CHECK(call.stream.read_exact(into));
    CHECK(as_text(into) == "abc");
    CHECK(soon_received_now(call.stream) == "def");
  });
}

TEST_CASE("a receive that does not wait reports that its fiber is cancelled") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = unix_call();
    engine::FiberGroup group(loop);
    std::string text;
    loop.spawn(
        "test",
        [&] {
          loop.yield();
          text = received_now(call.stream);
        },
        &group);
    loop.yield();
    group.interrupt(engine::kCancelEnd);
    group.join();
    CHECK(text == "<cancelled>");
  });
}

TEST_CASE("a write that does not wait writes as much as possible") {
  test::on_each_engine([] {
    Call call = unix_call();
    const Bytes pieces[] = {as_bytes("a"), Bytes(), as_bytes("bcd"), as_bytes("e")};
    CHECK(call.stream.write_now(pieces) == 5);
    CHECK(test::receive_text(call.peer.get(), 5) == "abcde");
    CHECK(call.stream.write_now({}) == 0);
    const std::vector<Bytes> empty_pieces(40);
    CHECK(call.stream.write_now(empty_pieces) == 0);
    CHECK(!call.stream.end_reason());
  });
}

TEST_CASE("a write that does not wait writes many pieces, in order") {
  test::on_each_engine([] {
    Call call = unix_call();
    std::vector<std::string> texts;
    std::string expected;
    for (int i = 0; i < 100; ++i) expected += texts.emplace_back(std::to_string(i));
    std::vector<Bytes> pieces;
    for (const std::string& text : texts) pieces.push_back(as_bytes(text));
    CHECK(call.stream.write_now(pieces) == expected.size());
    CHECK(test::receive_text(call.peer.get(), expected.size()) == expected);
  });
}

TEST_CASE("a write that does not wait returns how much a peer that does not read takes") {
  test::on_each_engine([] {
    Call call = unix_call();
    const std::string text(8 * 1024 * 1024, 'w');
    const std::vector<Bytes> pieces = {as_bytes("first,"), as_bytes(text), as_bytes("last")};
    const std::size_t written = call.stream.write_now(pieces);
    CHECK(written > 6);
    CHECK(written < text.size());
    CHECK(call.stream.write_now(pieces) == 0);
    CHECK(!call.stream.end_reason());
    CHECK(
        (test::receive_text(call.peer.get(), written) == "first," + std::string(written - 6, 'w')));
    CHECK(call.stream.write_now(std::span(pieces).first(1)) == 6);
  });
}

TEST_CASE("bytes that a write without waiting reported as written arrive, and no others") {
  test::on_each_engine([] {
    Call call = unix_call();
    const std::string text(1000, 'x');
    const std::vector<Bytes> pieces(50, as_bytes(text));
    const std::size_t written = write_until_full(call.stream, pieces);
    CHECK(written > 0);
    call.stream.close();
    if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
    CHECK(test::receive_text(call.peer.get(), written + 1).size() == written);
  });
}

TEST_CASE("a write that does not wait does not report a peer that has gone; the next one does") {
  test::on_each_engine([] {
    Call call = unix_call();
    call.peer.reset();
    const Bytes pieces[] = {as_bytes("x")};
    CHECK(call.stream.write_now(pieces) == 0);
    CHECK(!call.stream.end_reason());
    CHECK(test::kind_of(call.stream.write_all(as_bytes("x"))) == "reset");
  });
}

TEST_CASE("a tap is shown what was written without waiting, and no more") {
  struct Tap final : TrafficTap {
    void received(const Endpoint&, Bytes bytes) noexcept override { in += bytes.size(); }
    void sent(const Endpoint&, Bytes bytes) noexcept override { out += bytes.size(); }
    std::size_t in = 0;
    std::size_t out = 0;
  };
  test::on_each_engine([] {
    Tap tap;
    StreamOptions options;
    options.tap = &tap;
    Call call = unix_call(options);
    const std::string text(100'000, 'x');
    const std::vector<Bytes> pieces(20, as_bytes(text));
    CHECK(write_until_full(call.stream, pieces) == tap.out);
    test::send_text(call.peer.get(), "hello");
    CHECK(soon_received_now(call.stream) == "hello");
    CHECK(received_now(call.stream).empty());
    CHECK(tap.in == 5);
  });
}

TEST_CASE("a stream that is watched holds no lease") {
  // One buffer for two streams: the one that holds it prevents the other from receiving.
  const LoopOptions scarce{.receive_memory_max = 4096, .receive_buffer_bytes = 4096};
  test::on_each_loop(
      [](engine::EventLoop& loop) {
        Call one = unix_call();
        Call other = unix_call();
        test::send_text(one.peer.get(), "one");
        CHECK(received(one.stream) == "one");
        CountedWatch watch(loop);
        net::StreamAccess::watch(one.stream, watch);
        test::send_text(other.peer.get(), "other");
        CHECK(received(other.stream) == "other");
        CHECK(watch.count() == 0);
        net::StreamAccess::unwatch(one.stream);
      },
      scarce);
}

TEST_CASE("a watched stream notifies when a receive that does not wait returns something") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = unix_call();
    CountedWatch watch(loop);
    for (int i = 1; i <= 20; ++i) {
      net::StreamAccess::watch(call.stream, watch);
      CHECK(watch.count() == i - 1);
      test::send_text(call.peer.get(), "hello");
      CHECK(watch.is_told());
      CHECK(received_now(call.stream) == "hello");
    }
    net::StreamAccess::watch(call.stream, watch);
    call.peer.reset();
    CHECK(watch.is_told());
    CHECK(received_now(call.stream) == "<closed>");
  });
}

TEST_CASE("a stream with unread bytes notifies at once, and keeps them") {
  test::on_each_loop([](engine::EventLoop& loop) {
    StreamOptions options;
    options.receive_max = 3;
    Call call = unix_call(options);
    test::send_text(call.peer.get(), "onetwo");
    CHECK(received(call.stream) == "one");
    CountedWatch watch(loop);
    net::StreamAccess::watch(call.stream, watch);
    CHECK(watch.count() == 1);
    CHECK(received_now(call.stream) == "two");
    net::StreamAccess::watch(call.stream, watch);
    CHECK(watch.count() == 1);
    net::StreamAccess::unwatch(call.stream);
  });
}

TEST_CASE("a stream whose end is known notifies at once") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = unix_call();
    call.peer.reset();
    CHECK(received(call.stream) == "<closed>");
    CountedWatch watch(loop);
    net::StreamAccess::watch(call.stream, watch);
    CHECK(watch.count() == 1);
    CHECK(received_now(call.stream) == "<closed>");
  });
}

TEST_CASE("a stream that has left its loop notifies another one of what it took along") {
  for (const EngineKind kind : test::loop_engines()) {
    Call call = unix_call();
    test::on_loop(kind, [&](engine::EventLoop& loop) {
      test::send_text(call.peer.get(), "x");
      CHECK(received(call.stream) == "x");
      test::send_text(call.peer.get(), "kept");
      for (int i = 0; i < 5; ++i) loop.yield();
      call.stream.leave_loop();
    });
    test::on_loop(kind, [&](engine::EventLoop& loop) {
      CountedWatch watch(loop);
      net::StreamAccess::watch(call.stream, watch);
      CHECK(watch.is_told());
      CHECK(received_now(call.stream) == "kept");
      call.stream.leave_loop();
    });
  }
}

}  // namespace hotline::stream_now_test

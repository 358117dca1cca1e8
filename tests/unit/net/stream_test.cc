#include "hotline/net/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "net/stream_access.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::stream_test {
namespace {

using std::chrono::milliseconds;

/// A stream and its peer's plain socket.
struct Call {
  Stream stream;
  UniqueFd peer;
};

Call unix_call(StreamOptions options = {}) {
  auto [ours, peer] = test::stream_pair();
  return {net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                  *Endpoint::parse("unix:@peer"), options),
          std::move(peer)};
}

Call tcp_call(const ListenOptions& options = {}) {
  auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"), options);
  REQUIRE(listener);
  UniqueFd peer = test::connect_tcp(listener->endpoint().port());
  auto stream = listener->accept();
  REQUIRE(stream);
  return {std::move(*stream), std::move(peer)};
}

/// Waits until the kernel has what was sent, so that one receive can return all of it.
void send_settled(const Call& call, std::string_view text) {
  test::send_text(call.peer.get(), text);
  if (call.stream.peer().transport() == Transport::tcp) test::wait_sent(call.peer.get());
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : "<" + test::kind_of(bytes) + ">";
}

std::string read_exactly(Stream& stream, std::size_t size) {
  std::string text(size, '\0');
  const auto read = stream.read_exact(std::as_writable_bytes(std::span(text)));
  return read ? text : "<" + test::kind_of(read) + ">";
}

std::string read_once(Stream& stream, std::size_t size) {
  std::string text(size, '\0');
  const auto read = stream.read_some(std::as_writable_bytes(std::span(text)));
  return read ? text.substr(0, *read) : "<" + test::kind_of(read) + ">";
}

StreamOptions with_timeouts(StreamTimeouts timeouts) {
  StreamOptions options;
  options.timeouts = timeouts;
  return options;
}

void reset(UniqueFd& peer) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  peer.reset();
}

}  // namespace

TEST_CASE("a receive returns what has arrived, then an orderly end, which stays") {
  test::on_each_engine([] {
    Call call = tcp_call();
    send_settled(call, "hello");
    CHECK(received(call.stream) == "hello");
    CHECK(!call.stream.end_reason());
    call.peer.reset();
    CHECK(received(call.stream) == "<closed>");
    CHECK(received(call.stream) == "<closed>");
    CHECK(call.stream.ended_with(ErrorKind::closed));
  });
}

TEST_CASE("a read takes what it asked for and leaves the rest to the next, of any kind") {
  test::on_each_engine([] {
    Call call = tcp_call();
    send_settled(call, "0123456789abcdefghij");
    CHECK(read_exactly(call.stream, 3) == "012");
    CHECK(read_once(call.stream, 2) == "34");
    CHECK(received(call.stream) == "56789abcdefghij");
    send_settled(call, "ABCDEF");
    CHECK(read_once(call.stream, 1) == "A");
    CHECK(read_exactly(call.stream, 4) == "BCDE");
    CHECK(read_once(call.stream, 100) == "F");
  });
}

TEST_CASE("an exact read waits for as many pieces as necessary") {
  test::on_each_engine([] {
    Call call = tcp_call();
    const std::jthread writer([fd = call.peer.get()] {
      for (int i = 0; i < 1000; ++i) test::send_text(fd, "0123456789");
    });
    const std::string all = read_exactly(call.stream, 10'000);
    CHECK(all.size() == 10'000);
    CHECK(all.substr(9'990) == "0123456789");
  });
}

TEST_CASE("a lease is memory that may be written to, and sent from") {
  test::on_each_engine([] {
    Call call = tcp_call();
    send_settled(call, "abc");
    const auto lease = call.stream.receive();
    REQUIRE(lease);
    (*lease)[1] = std::byte{'B'};
    REQUIRE(call.stream.write_all(*lease));
    CHECK(test::receive_text(call.peer.get(), 3) == "aBc");
  });
}

TEST_CASE("a peer that closes in the middle of an exact read leaves it truncated") {
  test::on_each_engine([] {
    Call call = tcp_call();
    send_settled(call, "12");
    call.peer.reset();
    CHECK(read_exactly(call.stream, 3) == "<truncated>");
    CHECK(call.stream.ended_with(ErrorKind::truncated));
  });
}

TEST_CASE("a peer that closes between two exact reads has closed") {
  test::on_each_engine([] {
    Call call = tcp_call();
    send_settled(call, "123");
    call.peer.reset();
    CHECK(read_exactly(call.stream, 3) == "123");
    CHECK(read_exactly(call.stream, 3) == "<closed>");
    CHECK(read_exactly(call.stream, 0) == "");
  });
}

TEST_CASE("a peer that breaks off resets the stream") {
  test::on_each_engine([] {
    Call call = tcp_call();
    reset(call.peer);
    CHECK(received(call.stream) == "<reset>");
    CHECK(call.stream.ended_with(ErrorKind::reset));
    CHECK(call.stream.end_reason()->endpoint == call.stream.peer().to_uri());
  });
}

TEST_CASE("the first failure stays the end of a stream") {
  test::on_each_engine([] {
    Call call = unix_call(with_timeouts({.first_byte = milliseconds(1), .idle = milliseconds(1)}));
    CHECK(received(call.stream) == "<timed_out>");
    test::send_text(call.peer.get(), "1");
    call.peer.reset();
    CHECK(read_exactly(call.stream, 2) == "<truncated>");
    CHECK(call.stream.ended_with(ErrorKind::timed_out));
  });
}

TEST_CASE("the first byte and later bytes have deadlines of their own") {
  test::on_each_engine([] {
    const StreamTimeouts timeouts{.first_byte = milliseconds(1), .idle = std::chrono::hours(1)};
    Call silent = unix_call(with_timeouts(timeouts));
    CHECK(received(silent.stream) == "<timed_out>");
    const StreamTimeouts other{.first_byte = std::chrono::hours(1), .idle = milliseconds(1)};
    Call idle = unix_call(with_timeouts(other));
    test::send_text(idle.peer.get(), "x");
    CHECK(received(idle.stream) == "x");
    CHECK(received(idle.stream) == "<timed_out>");
  });
}

TEST_CASE("new timeouts count from the next wait on") {
  test::on_each_engine([] {
    Call call = unix_call();
    call.stream.set_timeouts({.first_byte = milliseconds(1)});
    CHECK(received(call.stream) == "<timed_out>");
  });
}

TEST_CASE("a write to a peer that does not read times out") {
  test::on_each_engine([] {
    Call call = unix_call(with_timeouts({.write = milliseconds(2)}));
    const std::string text(8 * 1024 * 1024, 'w');
    CHECK(test::kind_of(call.stream.write_all(as_bytes(text))) == "timed_out");
    CHECK(call.stream.ended_with(ErrorKind::timed_out));
  });
}

TEST_CASE("a write to a peer that has gone is a reset, never a signal") {
  test::on_each_engine([] {
    Call call = unix_call();
    call.peer.reset();
    CHECK(test::kind_of(call.stream.write_all(as_bytes("x"))) == "reset");
    CHECK(test::kind_of(call.stream.write_some(as_bytes("x"))) == "reset");
  });
}

TEST_CASE("writing nothing writes nothing, and is not shown") {
  test::on_each_engine([] {
    Call call = unix_call();
    CHECK(call.stream.write_some({}).value_or(9) == 0);
    CHECK(call.stream.write_all(Bytes()));
    CHECK(call.stream.write_all(std::span<const Bytes>()));
    const std::vector<Bytes> empty_pieces(40);
    CHECK(call.stream.write_all(empty_pieces));
    CHECK(!call.stream.end_reason());
  });
}

TEST_CASE("a large write arrives completely at a slow reader") {
  test::on_each_engine([] {
    Call call = tcp_call();
    std::string text(3 * 1024 * 1024, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 >> 3);
    const std::jthread reader(
        [&, fd = call.peer.get()] { CHECK(test::receive_text(fd, text.size()) == text); });
    CHECK(call.stream.write_all(as_bytes(text)));
  });
}

TEST_CASE("many pieces, empty and large ones among them, arrive in order over partial sends") {
  test::on_each_engine([] {
    Call call = unix_call();
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 50; ++i) {
      texts.emplace_back(i % 5 == 0 ? 0 : i * 3'000 % 70'000, static_cast<char>('a' + i % 26));
    }
    texts.emplace_back(700'000, 'Z');
    std::string expected;
    std::vector<Bytes> pieces;
    for (const std::string& text : texts) {
      expected += text;
      pieces.push_back(as_bytes(text));
    }
    const std::jthread reader(
        [&, fd = call.peer.get()] { CHECK(test::receive_text(fd, expected.size()) == expected); });
    CHECK(call.stream.write_all(pieces));
  });
}

TEST_CASE("after a half-close the peer reads the end and can still be received from") {
  test::on_each_engine([] {
    Call call = tcp_call();
    REQUIRE(call.stream.write_all(as_bytes("last word")));
    REQUIRE(call.stream.shut_down_writes());
    CHECK(test::receive_until_end(call.peer.get()) == "last word");
    send_settled(call, "reply");
    CHECK(received(call.stream) == "reply");
    CHECK(test::kind_of(call.stream.write_all(as_bytes("x"))) == "reset");
  });
}

TEST_CASE("closing sends what was written, then the end, and can be done twice") {
  test::on_each_engine([] {
    Call call = tcp_call();
    REQUIRE(call.stream.write_all(as_bytes("bye")));
    call.stream.close();
    call.stream.close();
    CHECK_FALSE(call.stream.is_open());
    CHECK(call.stream.descriptor() == -1);
    if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
    CHECK(test::receive_until_end(call.peer.get()) == "bye");
  });
}

TEST_CASE("abort resets the peer, also after bytes were received from it") {
  test::on_each_engine([] {
    Call call = tcp_call();
    send_settled(call, "x");
    CHECK(received(call.stream) == "x");
    call.stream.abort();
    call.stream.abort();
    call.stream.close();
    // The reset is sent with the loop's next turns.
    if (engine::EventLoop* loop = engine::EventLoop::running()) loop->yield();
    test::wait_readable(call.peer.get());
    char byte = 0;
    CHECK(::recv(call.peer.get(), &byte, 1, 0) == -1);
    CHECK(errno == ECONNRESET);
  });
}

TEST_CASE("a limit for one receive cuts what arrived into pieces") {
  test::on_each_engine([] {
    StreamOptions options;
    options.receive_max = 4;
    Call call = unix_call(options);
    test::send_text(call.peer.get(), "0123456789");
    CHECK(received(call.stream) == "0123");
    CHECK(read_once(call.stream, 1) == "4");
    CHECK(received(call.stream) == "5678");
    CHECK(received(call.stream) == "9");
  });
}

TEST_CASE("a stream continues where it was after it has left its loop") {
  for (const EngineKind kind : test::loop_engines()) {
    Call call = unix_call();
    test::send_text(call.peer.get(), "first,second,");
    test::on_loop(kind, [&](engine::EventLoop& loop) {
      CHECK(read_exactly(call.stream, 6) == "first,");
      test::send_text(call.peer.get(), "third,");
      for (int i = 0; i < 5; ++i) loop.yield();
      call.stream.leave_loop();
    });
    test::send_text(call.peer.get(), "fourth,");
    CHECK(read_exactly(call.stream, 13) == "second,third,");
    test::on_loop(kind, [&](engine::EventLoop&) {
      CHECK(read_exactly(call.stream, 7) == "fourth,");
      call.peer.reset();
      CHECK(received(call.stream) == "<closed>");
      call.stream.leave_loop();
    });
    CHECK(received(call.stream) == "<closed>");
  }
}

TEST_CASE("a reset that a loop has seen is a reset for the next user of the stream") {
  for (const EngineKind kind : test::loop_engines()) {
    for (const bool visits_another : {false, true}) {
      Call call = [&] { return tcp_call(); }();
      test::on_loop(kind, [&](engine::EventLoop& loop) {
        send_settled(call, "x");
        CHECK(received(call.stream) == "x");
        reset(call.peer);
        for (int i = 0; i < 5; ++i) loop.yield();
        call.stream.leave_loop();
      });
      if (visits_another) {
        test::on_loop(kind, [&](engine::EventLoop&) {
          CHECK_FALSE(call.stream.write_all(as_bytes("x")));
          call.stream.leave_loop();
        });
      }
      CHECK(received(call.stream) == "<reset>");
    }
  }
}

TEST_CASE("a tap is shown what goes in both directions, once") {
  struct Tap final : TrafficTap {
    void received(const Endpoint&, Bytes bytes) noexcept override { in += as_text(bytes); }
    void sent(const Endpoint& peer, Bytes bytes) noexcept override {
      out += as_text(bytes);
      from = peer.to_uri();
    }
    std::string in;
    std::string out;
    std::string from;
  };
  test::on_each_engine([] {
    Tap tap;
    StreamOptions options;
    options.tap = &tap;
    Call call = unix_call(options);
    test::send_text(call.peer.get(), "0123456789");
    CHECK(read_exactly(call.stream, 4) == "0123");
    CHECK(received(call.stream) == "456789");
    const Bytes pieces[] = {as_bytes("a"), as_bytes(""), as_bytes("bc")};
    REQUIRE(call.stream.write_all(pieces));
    REQUIRE(call.stream.write_all(as_bytes("d")));
    CHECK(tap.in == "0123456789");
    CHECK(tap.out == "abcd");
    CHECK(tap.from == "unix:@peer");
  });
}

}  // namespace hotline::stream_test

#include <sys/socket.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/event.h"
#include "net/stream_access.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/sockets.h"

namespace hotline::layered_stream_failures_test {
namespace {

constexpr std::byte kAnswer{'+'};

/// What a layer of these tests does besides passing the bytes on.
struct Script {
  bool asks = false;             ///< It opens by '?', and waits for any byte.
  bool acknowledges = false;     ///< It answers what it decodes with a '+'.
  std::size_t answer_bytes = 1;  ///< So many of them.
  bool has_idle_steps = false;   ///< It decodes byte by byte, and says that this is much work.
  bool fails_to_encode = false;
  bool fails_to_end = false;  ///< Otherwise its end is a '.'.
};

class Scripted final : public StreamLayer {
 public:
  explicit Scripted(const Script& script) : script_(script) {}

  Result<bool> open(Bytes& wire, std::vector<std::byte>& out) override {
    if (!script_.asks) return true;
    if (wire.empty()) out.push_back(std::byte{'?'});
    if (wire.empty()) return false;
    wire = wire.subspan(1);
    return true;
  }

  Result<std::size_t> decode(Bytes& wire, MutableBytes plain,
                             std::vector<std::byte>& out) override {
    std::size_t count = std::min(wire.size(), plain.size());
    if (script_.has_idle_steps) count = std::min<std::size_t>(count, 1);
    std::copy_n(wire.begin(), count, plain.begin());
    wire = wire.subspan(count);
    if (script_.acknowledges && count > 0) out.insert(out.end(), script_.answer_bytes, kAnswer);
    return count;
  }

  std::size_t take_idle_steps() override { return script_.has_idle_steps ? 16 : 0; }

  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    if (script_.fails_to_encode) return refusal("encode");
    out.insert(out.end(), plain.begin(), plain.end());
    return {};
  }

  Result<void> encode_end(std::vector<std::byte>& out) override {
    if (script_.fails_to_end) return refusal("end");
    out.push_back(std::byte{'.'});
    return {};
  }

 private:
  static Result<void> refusal(std::string_view operation) {
    return fail(make_error(ErrorKind::protocol_violation, operation, {}, "it cannot"));
  }

  Script script_;
};

/// A stream with a layer, and the socket at its other end.
struct Call {
  Stream stream;
  UniqueFd peer;
};

Call call_with(const Script& script) {
  auto [ours, peer] = test::stream_pair();
  Stream stream = net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(ours)),
                                          *Endpoint::parse("unix:@peer"), {});
  REQUIRE(stream.add_layer(std::make_unique<Scripted>(script)));
  return {std::move(stream), std::move(peer)};
}

/// The same after its handshake.
Call open_call(const Script& script) {
  Call call = call_with(script);
  REQUIRE(call.stream.handshake());
  return call;
}

std::string received(Stream& stream) {
  const auto bytes = stream.receive();
  return bytes ? std::string(as_text(*bytes)) : "<" + test::kind_of(bytes) + ">";
}

std::size_t write_now(Stream& stream, std::string_view text) {
  const std::array<Bytes, 1> pieces{as_bytes(text)};
  return stream.write_now(pieces);
}

/// A ring closes a socket in its next turn, so this fiber must not block.
std::string read_to_end(const UniqueFd& peer) {
  std::string seen;
  Event has_ended;
  std::jthread reader([&] {
    seen = test::receive_until_end(peer.get());
    has_ended.set();
  });
  CHECK(has_ended.wait());
  return seen;
}

/// More than any socket takes at once.
const std::string kMuch(1024 * 1024, 'x');

}  // namespace

TEST_CASE("an opening exchange that cannot be sent fails whatever began it") {
  test::on_each_engine([] {
    for (const auto& begin :
         {+[](Stream& stream) { return test::kind_of(stream.handshake()); },
          +[](Stream& stream) { return test::kind_of(stream.receive()); },
          +[](Stream& stream) { return test::kind_of(stream.write_all(as_bytes("a"))); }}) {
      Call call = call_with({.asks = true});
      call.peer.reset();
      CHECK(begin(call.stream) == "reset");
      CHECK_FALSE(call.stream.identity());
    }
  });
}

TEST_CASE("before the opening exchange nothing is written now, and the writes end without layer") {
  test::on_each_engine([] {
    Call call = call_with({});
    CHECK(write_now(call.stream, "a") == 0);
    CHECK(call.stream.shut_down_writes());
    CHECK(read_to_end(call.peer).empty());
  });
}

TEST_CASE("what a layer cannot encode is not sent, and the stream does not end in order") {
  test::on_each_engine([] {
    Call call = open_call({.fails_to_encode = true});
    CHECK(write_now(call.stream, "a") == 0);
    const auto written = call.stream.write_all(as_bytes("a"));
    REQUIRE_FALSE(written);
    CHECK(written.error().message() == "cannot encode unix:@peer: it cannot");
    CHECK(test::kind_of(call.stream.shut_down_writes()) == "truncated");
    CHECK(test::kind_of(call.stream.receive()) == "protocol_violation");
    call.stream.close();
    CHECK(read_to_end(call.peer).empty());
  });
}

TEST_CASE("a layer that cannot end its writes leaves those of the socket open") {
  test::on_each_engine([] {
    Call call = open_call({.fails_to_end = true});
    CHECK(call.stream.write_all(as_bytes("a")));
    const auto ended = call.stream.shut_down_writes();
    REQUIRE_FALSE(ended);
    CHECK(ended.error().message() == "cannot end unix:@peer: it cannot");
    CHECK(call.stream.ended_with(ErrorKind::protocol_violation));
    CHECK(test::receive_text(call.peer.get(), 1) == "a");
    char next = 0;
    CHECK(::recv(call.peer.get(), &next, 1, MSG_DONTWAIT) == -1);
    Call dropped = open_call({.fails_to_end = true});
    dropped.stream.close();
    CHECK(read_to_end(dropped.peer).empty());
  });
}

TEST_CASE("the end of the socket is an orderly one if the layer has none of its own") {
  test::on_each_engine([] {
    Call call = open_call({});
    test::send_text(call.peer.get(), "a");
    call.peer.reset();
    CHECK(received(call.stream) == "a");
    CHECK(received(call.stream) == "<closed>");
  });
}

TEST_CASE("a peer that has gone fails the write, and the end of the writes") {
  test::on_each_engine([] {
    Call writing = open_call({});
    writing.peer.reset();
    CHECK(test::kind_of(writing.stream.write_all(as_bytes("a"))) == "reset");
    CHECK(test::kind_of(writing.stream.write_all(as_bytes("a"))) == "reset");
    Call ending = open_call({});
    ending.peer.reset();
    CHECK(test::kind_of(ending.stream.shut_down_writes()) == "reset");
    CHECK(ending.stream.ended_with(ErrorKind::reset));
  });
}

TEST_CASE("a peer that goes in the middle of a write fails it") {
  test::on_each_engine([] {
    Call call = open_call({});
    std::jthread peer([fd = std::move(call.peer)] { test::receive_text(fd.get(), 100'000); });
    CHECK(test::kind_of(call.stream.write_all(as_bytes(kMuch))) == "reset");
    CHECK_FALSE(call.stream.shut_down_writes());
  });
}

TEST_CASE("without memory for decoded bytes a receive fails, and a later one has the bytes") {
  test::on_each_engine([] {
    Call call = open_call({});
    test::send_text(call.peer.get(), "abc");
    std::array<std::byte, 1> first{};
    REQUIRE(call.stream.read_exact(first));
    std::string kind;
    {
      const test::MemoryShortage shortage(0, test::MemoryShortage::Extent::one);
      kind = test::kind_of(call.stream.receive());
      CHECK(shortage.has_struck());
    }
    CHECK(kind == "resource_exhausted");
    CHECK(received(call.stream) == "bc");
  });
}

TEST_CASE("a loop whose buffers are all in use decodes into memory of the stream") {
  constexpr LoopOptions kOneBuffer{.receive_memory_max = 64 * 1024,
                                   .receive_buffer_bytes = 64 * 1024};
  test::on_loop(
      EngineKind::epoll,
      [](engine::EventLoop&) {
        Call call = open_call({});
        const std::string sent(40'000, 'a');
        test::send_text(call.peer.get(), sent);
        std::string seen;
        while (seen.size() < sent.size()) seen += received(call.stream);
        CHECK(seen == sent);
      },
      kOneBuffer);
}

TEST_CASE("what a layer answers while another fiber writes is sent between what that one writes") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = open_call({.acknowledges = true});
    Event has_written;
    REQUIRE(loop.spawn("writer", [&] {
      CHECK(call.stream.write_all(as_bytes(kMuch)));
      has_written.set();
    }));
    loop.yield();
    REQUIRE_FALSE(has_written.take());
    test::send_text(call.peer.get(), "a");
    CHECK(received(call.stream) == "a");
    CHECK(write_now(call.stream, "b") == 0);
    std::string seen;
    std::jthread reader([&] { seen = test::receive_text(call.peer.get(), kMuch.size() + 1); });
    CHECK(has_written.wait());
    reader.join();
    CHECK(std::erase(seen, '+') == 1);
    CHECK((seen == kMuch));
  });
}

TEST_CASE("a peer that lets many answers of a layer wait violates the protocol") {
  test::on_each_engine([] {
    constexpr std::size_t kAnswerBytes = 1024;
    Call call = open_call({.acknowledges = true, .answer_bytes = kAnswerBytes});
    const std::size_t filled = test::fill(call.stream.descriptor());
    std::string seen;
    for (int i = 0; i < 200 && !call.stream.end_reason(); ++i) {
      test::send_text(call.peer.get(), "a");
      seen += received(call.stream);
    }
    CHECK(seen == std::string(65, 'a') + "<protocol_violation>");
    CHECK(call.stream.end_reason()->detail == "it does not read the answers to what it sends");
    CHECK(test::kind_of(call.stream.write_all(as_bytes("b"))) == "protocol_violation");
    CHECK(filled > 0);
  });
}

TEST_CASE("a peer that reads the answers of a layer may cause any number of them") {
  test::on_each_engine([] {
    constexpr std::size_t kAnswerBytes = 1024;
    Call call = open_call({.acknowledges = true, .answer_bytes = kAnswerBytes});
    for (int i = 0; i < 200; ++i) {
      test::send_text(call.peer.get(), "a");
      CHECK(received(call.stream) == "a");
      CHECK(test::receive_text(call.peer.get(), kAnswerBytes).size() == kAnswerBytes);
    }
  });
}

TEST_CASE("a layer that works much for few bytes lets the other fibers run in between") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = open_call({.has_idle_steps = true});
    constexpr int kBytes = 1000;
    test::send_text(call.peer.get(), std::string(kBytes, 'a'));
    bool has_ended = false;
    int turns = 0;
    REQUIRE(loop.spawn("other", [&] {
      while (!has_ended) {
        ++turns;
        loop.yield();
      }
    }));
    for (int i = 0; i < kBytes; ++i) CHECK(received(call.stream) == "a");
    has_ended = true;
    // A fiber gets 64 small results in a turn, and so many steps count as 32 of them.
    CHECK(turns >= kBytes / 4);
  });
}

TEST_CASE("a write without memory ends the writes, and leaves none in progress") {
  test::on_each_engine([] {
    test::with_each_allocation_failing([](std::size_t spared) {
      CAPTURE(spared);
      Call call = call_with({});
      bool has_struck = false;
      {
        const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
        try {
          discard(call.stream.write_all(as_bytes("a")));
        } catch (const std::bad_alloc&) {
        }
        has_struck = shortage.has_struck();
      }
      const std::string kind = test::kind_of(call.stream.write_all(as_bytes("b")));
      CHECK((kind.empty() || kind == "resource_exhausted"));
      call.stream.close();
      const std::string text = read_to_end(call.peer);
      CAPTURE(text);
      // What was lost is not followed by anything.
      CHECK((text.empty() || text.ends_with("b.")));
      return has_struck;
    });
  });
}

TEST_CASE("a stream that is closed while its end waits to be sent ends without it") {
  test::on_each_loop([](engine::EventLoop& loop) {
    Call call = open_call({});
    const std::size_t filled = test::fill(call.stream.descriptor());
    Event has_failed;
    std::string kind;
    REQUIRE(loop.spawn("writer", [&] {
      kind = test::kind_of(call.stream.shut_down_writes());
      has_failed.set();
    }));
    loop.yield();
    call.stream.close();
    CHECK(has_failed.wait());
    CHECK(kind == "cancelled");
    CHECK(read_to_end(call.peer).size() == filled);
  });
}

TEST_CASE("what could not be sent at once is lost with the stream, and no end makes it complete") {
  test::on_each_engine([] {
    Call call = open_call({.acknowledges = true});
    const std::size_t filled = test::fill(call.stream.descriptor());
    test::send_text(call.peer.get(), "a");
    CHECK(received(call.stream) == "a");
    CHECK(net::StreamAccess::has_unsent(call.stream));
    call.stream.close();
    CHECK(read_to_end(call.peer).size() == filled);
  });
}

TEST_CASE("after an abort nothing is received, and what was not sent never is") {
  test::on_each_engine([] {
    Call call = open_call({.acknowledges = true});
    const std::size_t filled = test::fill(call.stream.descriptor());
    test::send_text(call.peer.get(), "a");
    CHECK(received(call.stream) == "a");
    call.stream.abort();
    CHECK(write_now(call.stream, "b") == 0);
    CHECK_FALSE(call.stream.receive());
    CHECK(read_to_end(call.peer).size() == filled);
  });
}

TEST_CASE("two fibers that write one stream are a mistake of the program") {
  const auto report = test::in_child_process([] {
    test::on_loop(EngineKind::epoll, [](engine::EventLoop& loop) {
      Call call = open_call({});
      static_cast<void>(
          loop.spawn("writer", [&] { discard(call.stream.write_all(as_bytes(kMuch))); }));
      loop.yield();
      discard(call.stream.write_all(as_bytes("a")));
    });
  });
  CHECK(report.error_text.find("two fibers write one stream") != std::string::npos);
}

}  // namespace hotline::layered_stream_failures_test

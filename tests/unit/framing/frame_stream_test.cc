#include "hotline/framing/frame_stream.h"

#include <sys/socket.h>

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/channel.h"
#include "hotline/engine/task_group.h"
#include "support/framed_call.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::frame_stream_test {
namespace {

using test::FramedCall;
using test::framing_of;
using test::kPipelined;
using test::next;
using test::wire_of;

}  // namespace

TEST_CASE("messages that arrive at once are read one after the other") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      CAPTURE(name);
      FramedCall call(name);
      test::send_text(call.peer.get(), wire_of(name, {"hello", "world", "12345"}));
      CHECK(next(call.frames) == "hello");
      CHECK(next(call.frames) == "world");
      CHECK(next(call.frames) == "12345");
      call.peer.reset();
      CHECK(next(call.frames) == "<closed>");
      CHECK(next(call.frames) == "<closed>");
    }
  });
}

TEST_CASE("a message is one message wherever it was cut on its way") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      const std::string text = wire_of(name, {"hello", "world"});
      for (std::size_t cut = 1; cut < text.size(); ++cut) {
        CAPTURE(name);
        CAPTURE(cut);
        FramedCall call(name);
        const std::jthread writer([&] {
          test::send_text(call.peer.get(), text.substr(0, cut));
          call.tap.wait_received(cut);
          test::send_text(call.peer.get(), text.substr(cut));
        });
        CHECK(next(call.frames) == "hello");
        CHECK(next(call.frames) == "world");
      }
    }
  });
}

TEST_CASE("a message arrives complete through receives of any size") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      const std::string text = wire_of(name, {"hello", "world", "12345"});
      for (std::size_t receive_max = 1; receive_max < text.size(); ++receive_max) {
        CAPTURE(name);
        CAPTURE(receive_max);
        FramedCall call(name, {.timeouts = {}, .receive_max = receive_max});
        test::send_text(call.peer.get(), text);
        CHECK(next(call.frames) == "hello");
        CHECK(next(call.frames) == "world");
        CHECK(next(call.frames) == "12345");
      }
    }
  });
}

TEST_CASE("a peer that closes inside a message leaves it truncated, wherever that is") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      const std::string first = wire_of(name, {"hello"});
      const std::string text = first + wire_of(name, {"world"});
      for (std::size_t size = first.size() + 1; size < text.size(); ++size) {
        CAPTURE(name);
        CAPTURE(size);
        FramedCall call(name);
        test::send_text(call.peer.get(), text.substr(0, size));
        call.peer.reset();
        CHECK(next(call.frames) == "hello");
        CHECK(next(call.frames) == "<truncated>");
        CHECK(next(call.frames) == "<truncated>");
      }
    }
  });
}

TEST_CASE("a peer that resets inside a message ends it with a reset, never with a part of it") {
  test::on_each_engine([] {
    FramedCall call("u32be", {}, test::Transport::tcp);
    test::send_text(call.peer.get(), std::string("\0\0\0\x05he", 6));
    const std::jthread breaker([&] {
      call.tap.wait_received(6);
      const linger none{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(call.peer.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
      call.peer.reset();
    });
    CHECK(next(call.frames) == "<reset>");
  });
}

TEST_CASE("empty messages are messages") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      if (name == "fixed=5") continue;
      CAPTURE(name);
      FramedCall call(name);
      test::send_text(call.peer.get(), wire_of(name, {"", "a", "", ""}));
      for (const char* expected : {"", "a", "", ""}) CHECK(next(call.frames) == expected);
    }
  });
}

TEST_CASE("bytes that are not a message violate the protocol, now and later") {
  test::on_each_engine([] {
    FramedCall call("netstring");
    test::send_text(call.peer.get(), "1:a,hello");
    CHECK(next(call.frames) == "a");
    CHECK(next(call.frames) == "<protocol_violation>");
    const auto again = call.frames.read_frame();
    REQUIRE_FALSE(again);
    CHECK(again.error().message() ==
          "cannot receive from unix:@peer: what came is not framed as netstring: "
          "it does not begin with a length");
    CHECK_FALSE(again.error().hint().empty());
  });
}

TEST_CASE("a length over the limit is refused before any of the message") {
  test::on_each_engine([] {
    FramedCall call("u32be");
    test::send_text(call.peer.get(), "\xff\xff\xff\xff");
    CHECK(next(call.frames) == "<too_large>");
    CHECK(next(call.frames) == "<too_large>");
  });
}

TEST_CASE("a line over the limit is refused without its end") {
  test::on_each_engine([] {
    Framing framing = framing_of("lines");
    framing.frame_max = 100'000;
    FramedCall call(framing);
    const std::jthread writer([fd = call.peer.get()] {
      test::send_text(fd, std::string(100'000, 'a') + "\n" + std::string(100'001, 'b'));
    });
    CHECK(next(call.frames) == std::string(100'000, 'a'));
    CHECK(next(call.frames) == "<too_large>");
  });
}

TEST_CASE("has_frame reports a message neither too early nor too late") {
  test::on_each_engine([] {
    FramedCall call("netstring");
    CHECK_FALSE(call.frames.has_frame());
    test::send_text(call.peer.get(), "1:a,1:b,1:");
    CHECK_FALSE(call.frames.has_frame());
    CHECK(next(call.frames) == "a");
    CHECK(call.frames.has_frame());
    CHECK(call.frames.has_frame());
    CHECK(next(call.frames) == "b");
    CHECK_FALSE(call.frames.has_frame());
    test::send_text(call.peer.get(), "c,1:d,x");
    CHECK(next(call.frames) == "c");
    CHECK(call.frames.has_frame());
    CHECK(next(call.frames) == "d");
    CHECK(call.frames.has_frame());
    CHECK(next(call.frames) == "<protocol_violation>");
    CHECK(call.frames.has_frame());
  });
}

TEST_CASE("a message split across two receives stays valid while the next is checked for") {
  test::on_each_engine([] {
    FramedCall call("netstring", {.timeouts = {}, .receive_max = 4});
    test::send_text(call.peer.get(), "3:abc,3:def,");
    const auto frame = call.frames.read_frame();
    REQUIRE(frame);
    call.frames.has_frame();
    CHECK(as_text(*frame) == "abc");
    (*frame)[0] = std::byte{'A'};
    CHECK(as_text(*frame) == "Abc");
    CHECK(next(call.frames) == "def");
  });
}

TEST_CASE("a wait that timed out inside a message can be continued") {
  test::on_each_engine([] {
    FramedCall call("lines", {.timeouts = {.idle = std::chrono::milliseconds(1)}});
    test::send_text(call.peer.get(), "one\ntw");
    CHECK(next(call.frames) == "one");
    CHECK(next(call.frames) == "<timed_out>");
    test::send_text(call.peer.get(), "o\n");
    CHECK(next(call.frames) == "two");
  });
}

TEST_CASE("messages of every size go both ways between two frame streams") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      if (name == "fixed=5" || name == "u16be") continue;
      CAPTURE(name);
      FramedCall call(name, {}, test::Transport::tcp);
      std::jthread echo([&, peer = std::move(call.peer)]() mutable {
        FrameStream frames(test::stream_over(std::move(peer)), framing_of(name));
        while (auto frame = frames.read_frame()) REQUIRE(frames.write_frame(*frame));
      });
      for (const std::size_t size :
           {0U, 1U, 500U, 513U, 16'383U, 16'384U, 65'536U, 200'000U, 1'000'000U}) {
        const std::string payload(size, static_cast<char>('a' + size % 26));
        REQUIRE(call.frames.write_frame(as_bytes(payload)));
        CHECK((next(call.frames) == payload));
      }
      CHECK(call.frames.stream().shut_down_writes());
    }
  });
}

TEST_CASE("many messages are written in their order, however many they are") {
  test::on_each_engine([] {
    FramedCall call("varint", {}, test::Transport::tcp);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 500; ++i) {
      texts.emplace_back(i % 50 == 0 ? 30'000 : i, static_cast<char>('a' + i % 26));
    }
    const std::vector<Bytes> payloads = test::views_of(texts);
    std::vector<std::string> received;
    std::jthread reader([&, peer = std::move(call.peer)]() mutable {
      FrameStream frames(test::stream_over(std::move(peer)), framing_of("varint"));
      while (auto frame = frames.read_frame()) received.emplace_back(as_text(*frame));
    });
    CHECK(call.frames.write_frames(payloads));
    CHECK(call.frames.write_frames({}));
    CHECK(call.frames.stream().shut_down_writes());
    reader.join();
    CHECK((received == texts));
  });
}

TEST_CASE("if one of many messages cannot be sent, none is") {
  test::on_each_engine([] {
    FramedCall call("lines");
    const std::vector<std::string> texts = {"one", "two\nthree", "four"};
    const auto written = call.frames.write_frames(test::views_of(texts));
    CHECK(test::kind_of(written) == "invalid_argument");
    CHECK(test::kind_of(call.frames.write_frame(as_bytes("\n"))) == "invalid_argument");
    CHECK(written.error().endpoint == "unix:@peer");
    CHECK(call.frames.stream().shut_down_writes());
    CHECK(test::receive_until_end(call.peer.get()) == "");
  });
}

TEST_CASE("raw returns what arrived, and writes what it is given, but not nothing") {
  test::on_each_engine([] {
    FramedCall call("raw", {.timeouts = {}, .receive_max = 3});
    test::send_text(call.peer.get(), "hello");
    CHECK(next(call.frames) == "hel");
    CHECK(next(call.frames) == "lo");
    CHECK(call.frames.write_frame(as_bytes("back")));
    CHECK(test::receive_text(call.peer.get(), 4) == "back");
    CHECK(test::kind_of(call.frames.write_frame({})) == "invalid_argument");
    call.peer.reset();
    CHECK(next(call.frames) == "<closed>");
  });
}

TEST_CASE("a frame stream can be moved, with what has arrived in it") {
  test::on_each_engine([] {
    FramedCall call("lines");
    test::send_text(call.peer.get(), "one\ntwo\n");
    CHECK(next(call.frames) == "one");
    FrameStream moved = std::move(call.frames);
    CHECK(next(moved) == "two");
    CHECK(moved.framing().kind == Framing::Kind::lines);
    CHECK(moved.stream().is_open());
    CHECK(std::as_const(moved).stream().peer().to_uri() == "unix:@peer");
  });
}

TEST_CASE("received bytes are kept when the loop ends") {
  FramedCall call("netstring");
  test::send_text(call.peer.get(), "1:a,1:b,5:he");
  {
    TaskGroup fibers;
    REQUIRE(fibers.spawn("read", [&] {
      CHECK(next(call.frames) == "a");
      call.frames.leave_loop();
    }));
    REQUIRE(fibers.join());
  }
  CHECK(next(call.frames) == "b");
  call.frames.leave_loop();
  test::send_text(call.peer.get(), "llo,");
  CHECK(next(call.frames) == "hello");
}

TEST_CASE("nothing more is read from a stream that was closed") {
  test::on_each_engine([] {
    FramedCall call("netstring");
    test::send_text(call.peer.get(), "1:a,1:b,");
    CHECK(next(call.frames) == "a");
    call.frames.stream().close();
    CHECK_FALSE(call.frames.has_frame());
    CHECK_FALSE(call.frames.read_frame());
    call.frames.leave_loop();
  });
}

TEST_CASE("bytes after a message are a rest, until they are read") {
  test::on_each_engine([] {
    FramedCall call("i32le");
    CHECK_FALSE(call.frames.has_rest());
    const std::string first("\1\0\0\0a", 5);
    const std::string second("\2\0\0\0bc", 6);
    test::send_text(call.peer.get(), first);
    CHECK(next(call.frames) == "a");
    CHECK_FALSE(call.frames.has_rest());
    test::send_text(call.peer.get(), first + second);
    CHECK(next(call.frames) == "a");
    CHECK(call.frames.has_rest());
    CHECK(next(call.frames) == "bc");
    CHECK_FALSE(call.frames.has_rest());
    test::send_text(call.peer.get(), second.substr(0, 3));
    call.peer.reset();
    CHECK(next(call.frames) == "<truncated>");
    CHECK(call.frames.has_rest());
    call.frames.stream().close();
  });
}

}  // namespace hotline::frame_stream_test

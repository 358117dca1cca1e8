#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/framing/frame_stream.h"
#include "support/framed_call.h"
#include "support/loops.h"
#include "support/sockets.h"

// Kind::ready, where the receiver answers before it gets the message.

namespace hotline::frame_stream_ready_test {
namespace {

using test::FramedCall;
using test::framing_of;
using test::next;

}  // namespace

TEST_CASE("an announced message is requested with ready, and read") {
  test::on_each_engine([] {
    FramedCall call("ready");
    const std::jthread sender([fd = call.peer.get()] {
      for (const std::string payload : {"hello", "12345678901", "", "ready"}) {
        test::send_text(fd, std::to_string(payload.size()));
        CHECK(test::receive_text(fd, 5) == "ready");
        test::send_text(fd, payload);
      }
    });
    for (const char* expected : {"hello", "12345678901", "", "ready"}) {
      CHECK(next(call.frames) == expected);
    }
    CHECK(!call.frames.stream().end_reason());
  });
}

TEST_CASE("a length that arrives in pieces is one length") {
  test::on_each_engine([] {
    // One receive for each digit; whether both have come is not left to chance.
    FramedCall call("ready", {.timeouts = {}, .receive_max = 1});
    test::send_text(call.peer.get(), "11");
    const std::jthread sender([fd = call.peer.get()] {
      CHECK(test::receive_text(fd, 5) == "ready");
      test::send_text(fd, "hello, you!");
    });
    CHECK(next(call.frames) == "hello, you!");
  });
}

TEST_CASE("a message is announced, and sent when the peer is ready") {
  test::on_each_engine([] {
    FramedCall call("ready");
    const std::jthread receiver([fd = call.peer.get()] {
      CHECK(test::receive_text(fd, 2) == "11");
      test::send_text(fd, "rea");
      test::send_text(fd, "dy");
      CHECK(test::receive_text(fd, 11) == "hello, you!");
      CHECK(test::receive_text(fd, 1) == "0");
      test::send_text(fd, "ready");
      CHECK(test::receive_text(fd, 1) == "3");
      test::send_text(fd, "ready");
      CHECK(test::receive_text(fd, 3) == "end");
    });
    CHECK(call.frames.write_frame(as_bytes("hello, you!")));
    const std::vector<std::string> texts = {"", "end"};
    CHECK(call.frames.write_frames(test::views_of(texts)));
  });
}

TEST_CASE("a reply may be written from where its request was received") {
  test::on_each_engine([] {
    FramedCall call("ready", {}, test::Transport::tcp);
    std::jthread echo([peer = std::move(call.peer)]() mutable {
      FrameStream frames(test::stream_over(std::move(peer)), framing_of("ready"));
      while (auto frame = frames.read_frame()) {
        if (!frame->empty()) frame->front() = std::byte{'!'};
        REQUIRE(frames.write_frame(*frame));
      }
    });
    for (const std::size_t size : {1U, 0U, 100U, 100'000U}) {
      std::string payload(size, 'p');
      REQUIRE(call.frames.write_frame(as_bytes(payload)));
      if (size > 0) payload.front() = '!';
      CHECK((next(call.frames) == payload));
    }
    CHECK(call.frames.stream().shut_down_writes());
  });
}

TEST_CASE("a peer that sends something other than ready violates the protocol") {
  test::on_each_engine([] {
    for (const char* answer : {"5", "Ready", "rubbish", "\n", "real!"}) {
      CAPTURE(answer);
      FramedCall call("ready");
      test::send_text(call.peer.get(), answer);
      CHECK(test::kind_of(call.frames.write_frame(as_bytes("x"))) == "protocol_violation");
      CHECK(test::receive_text(call.peer.get(), 1) == "1");
    }
  });
}

TEST_CASE("a drain lets an announced message be sent, and then ends the next read") {
  test::on_each_loop([](engine::EventLoop& loop) {
    for (const bool comes_before : {true, false}) {
      FramedCall call("ready");
      engine::FiberGroup group(loop);
      if (comes_before) group.interrupt(engine::kDrainEnd);
      loop.spawn(
          "sender",
          [&] {
            CHECK(call.frames.write_frame(as_bytes("hello")));
            CHECK(next(call.frames) == "<draining>");
          },
          &group);
      while (call.tap.sent_count() == 0) loop.yield();
      group.interrupt(engine::kDrainEnd);
      for (int i = 0; i < 5; ++i) loop.yield();
      test::send_text(call.peer.get(), "ready");
      group.join();
      CHECK(test::receive_text(call.peer.get(), 6) == "5hello");
    }
  });
}

TEST_CASE("bytes that are not a length violate the protocol, and are not answered") {
  test::on_each_engine([] {
    for (const char* text : {"x", "05", "5x", "5 ", "ready", "-1"}) {
      CAPTURE(text);
      FramedCall call("ready");
      test::send_text(call.peer.get(), text);
      CHECK(next(call.frames) == "<protocol_violation>");
      CHECK(call.frames.stream().shut_down_writes());
      CHECK(test::receive_until_end(call.peer.get()) == "");
    }
  });
}

TEST_CASE("a length over the limit is not answered") {
  test::on_each_engine([] {
    FramedCall call("ready");
    test::send_text(call.peer.get(), "16777217");
    CHECK(next(call.frames) == "<too_large>");
    CHECK(call.frames.stream().shut_down_writes());
    CHECK(test::receive_until_end(call.peer.get()) == "");
  });
}

TEST_CASE("a peer that closes inside a length or a message leaves it truncated") {
  test::on_each_engine([] {
    FramedCall cut_length("ready");
    test::send_text(cut_length.peer.get(), "1");
    cut_length.peer.reset();
    CHECK(next(cut_length.frames) == "<truncated>");
    FramedCall cut_message("ready");
    const std::jthread sender([&] {
      test::send_text(cut_message.peer.get(), "5");
      CHECK(test::receive_text(cut_message.peer.get(), 5) == "ready");
      test::send_text(cut_message.peer.get(), "hell");
      cut_message.peer.reset();
    });
    CHECK(next(cut_message.frames) == "<truncated>");
  });
}

TEST_CASE("a peer that closes instead of answering leaves the sender's message truncated") {
  test::on_each_engine([] {
    for (const char* answer : {"", "rea"}) {
      FramedCall call("ready");
      const std::jthread receiver([&] {
        CHECK(test::receive_text(call.peer.get(), 1) == "1");
        test::send_text(call.peer.get(), answer);
        call.peer.reset();
      });
      CHECK(test::kind_of(call.frames.write_frame(as_bytes("x"))) == "truncated");
    }
  });
}

TEST_CASE("an announcement is not a message yet") {
  test::on_each_engine([] {
    FramedCall call("ready");
    CHECK_FALSE(call.frames.has_frame());
    const std::jthread sender([fd = call.peer.get()] {
      test::send_text(fd, "1");
      CHECK(test::receive_text(fd, 5) == "ready");
      test::send_text(fd, "x");
    });
    CHECK_FALSE(call.frames.has_frame());
    CHECK(next(call.frames) == "x");
    CHECK_FALSE(call.frames.has_frame());
  });
}

}  // namespace hotline::frame_stream_ready_test

// Reading messages with a deadline.

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/framing/frame_stream.h"
#include "support/framed_call.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::frame_stream_deadline_test {
namespace {

using test::FramedCall;
using test::framing_of;
using test::kPipelined;
using test::next;
using test::wire_of;

}  // namespace

TEST_CASE("a read with a deadline returns nothing by then, and a later one the whole message") {
  test::on_each_engine([] {
    for (const std::string& name : kPipelined) {
      const std::string text = wire_of(name, {"hello"});
      for (std::size_t cut = 0; cut < text.size(); ++cut) {
        CAPTURE(name);
        CAPTURE(cut);
        FramedCall call(name);
        test::send_text(call.peer.get(), text.substr(0, cut));
        const auto early = call.frames.read_frame(deadline_after(std::chrono::milliseconds(1)));
        REQUIRE(early);
        CHECK_FALSE(*early);
        CHECK_FALSE(call.frames.stream().end_reason());
        test::send_text(call.peer.get(), text.substr(cut));
        const auto whole = call.frames.read_frame(Deadline::never());
        REQUIRE(whole);
        REQUIRE(*whole);
        CHECK(as_text(**whole) == "hello");
      }
    }
  });
}

TEST_CASE("a long message that arrives beside deadlines is read whole") {
  test::on_each_engine([] {
    const std::string payload(300'000, 'm');
    const std::string text = wire_of("u32be", {payload});
    FramedCall call("u32be");
    test::send_text(call.peer.get(), text.substr(0, 100'000));
    CHECK_FALSE(call.frames.read_frame(deadline_after(std::chrono::milliseconds(1))).value());
    const std::jthread writer([&] { test::send_text(call.peer.get(), text.substr(100'000)); });
    const auto whole = call.frames.read_frame(Deadline::never());
    REQUIRE(whole);
    CHECK(as_text(**whole) == payload);
  });
}

TEST_CASE("a message that has arrived is read although the deadline has passed") {
  test::on_each_engine([] {
    FramedCall call("lines");
    test::send_text(call.peer.get(), "one\ntwo\n");
    CHECK(next(call.frames) == "one");
    const auto two = call.frames.read_frame(Deadline::at(now()));
    REQUIRE(two);
    REQUIRE(*two);
    CHECK(as_text(**two) == "two");
  });
}

TEST_CASE("a read with a deadline fails as one without: at an end, and when what came is wrong") {
  test::on_each_engine([] {
    const auto kind = [](FramedCall& call) {
      return test::kind_of(call.frames.read_frame(Deadline::never()));
    };
    FramedCall closed("netstring");
    closed.peer.reset();
    CHECK(kind(closed) == "closed");
    FramedCall cut("netstring");
    test::send_text(cut.peer.get(), "5:he");
    cut.peer.reset();
    CHECK(kind(cut) == "truncated");
    FramedCall wrong("netstring");
    test::send_text(wrong.peer.get(), "x");
    CHECK(kind(wrong) == "protocol_violation");
    FramedCall silent("netstring", {.timeouts = {.first_byte = std::chrono::milliseconds(1)}});
    CHECK(kind(silent) == "timed_out");
  });
}

}  // namespace hotline::frame_stream_deadline_test

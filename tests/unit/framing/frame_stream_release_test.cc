#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/framing/frame_stream.h"
#include "support/framed_call.h"
#include "support/loops.h"
#include "support/sockets.h"

// FrameStream::release().

namespace hotline::frame_stream_release_test {
namespace {

using test::FramedCall;
using test::framing_of;
using test::next;

std::string received_to_end(Stream& stream) {
  std::string text;
  while (const auto bytes = stream.receive()) text += as_text(*bytes);
  return text;
}

}  // namespace

TEST_CASE("after release the stream receives what belongs to no message that was read") {
  test::on_each_engine([] {
    for (const std::string rest : {"", "1:b", "1:b,3:cc", "plain"}) {
      CAPTURE(rest);
      FramedCall call("netstring");
      test::send_text(call.peer.get(), "1:a," + rest);
      CHECK(next(call.frames) == "a");
      Stream& stream = call.frames.release();
      test::send_text(call.peer.get(), "after");
      call.peer.reset();
      CHECK(received_to_end(stream) == rest + "after");
    }
  });
}

TEST_CASE("after release the stream receives a message again that had begun to arrive") {
  test::on_each_engine([] {
    FramedCall call("netstring");
    test::send_text(call.peer.get(), "1:a,5:he");
    CHECK(next(call.frames) == "a");
    {
      const DeadlineScope scope(deadline_after(std::chrono::milliseconds(5)));
      CHECK(next(call.frames) == "<timed_out>");
    }
    Stream& stream = call.frames.release();
    test::send_text(call.peer.get(), "llo,");
    call.peer.reset();
    CHECK(received_to_end(stream) == "5:hello,");
  });
}

TEST_CASE("release gives back what was received before the stream left its loop") {
  FramedCall call("netstring");
  test::send_text(call.peer.get(), "1:a,1:b,");
  {
    TaskGroup fibers;
    REQUIRE(fibers.spawn("read", [&] {
      CHECK(next(call.frames) == "a");
      call.frames.leave_loop();
    }));
    REQUIRE(fibers.join());
  }
  Stream& stream = call.frames.release();
  call.peer.reset();
  CHECK(received_to_end(stream) == "1:b,");
}

TEST_CASE("release works beside a limit on the bytes of one receive, and on a closed stream") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    StreamOptions options;
    options.receive_max = 6;
    auto adopted = Stream::adopt(std::move(ours), options);
    REQUIRE(adopted);
    FrameStream frames(std::move(*adopted), framing_of("netstring"));
    test::send_text(peer.get(), "1:a,plain text");
    CHECK(next(frames) == "a");
    Stream stream = std::move(frames.release());
    peer.reset();
    CHECK(received_to_end(stream) == "plain text");
    FramedCall closed("netstring");
    closed.frames.stream().close();
    CHECK_FALSE(closed.frames.release().is_open());
  });
}

}  // namespace hotline::frame_stream_release_test

#include "hotline/framing/connect_frames.h"

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "hotline/net/listener.h"
#include "support/loops.h"

namespace hotline::connect_frames_test {
namespace {

/// Answers the first message of one caller with itself, in `framing`.
void echo_once(Listener& listener, const std::string& framing) {
  auto call = listener.accept();
  if (!call) return;
  FrameStream frames(std::move(*call), *Framing::parse(framing));
  if (const auto message = frames.read_frame()) static_cast<void>(frames.write_frame(*message));
}

}  // namespace

TEST_CASE("the options of an endpoint choose the framing") {
  for (const std::string framing : {"lines", "u32be", "fixed=5", "delimiter=%00", "ready"}) {
    CAPTURE(framing);
    test::on_each_loop([&](engine::EventLoop&) {
      auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
      REQUIRE(listener);
      TaskGroup server;
      REQUIRE(server.spawn("server", [&] { echo_once(*listener, framing); }));
      auto frames =
          connect_frames(listener->endpoint().to_uri() + "?max=1KiB&receive=1&framing=" + framing);
      REQUIRE(frames);
      CHECK(frames->framing().to_string() == framing);
      CHECK(frames->framing().frame_max == 1024);
      CHECK(frames->write_frame(as_bytes("hello")));
      const auto reply = frames->read_frame();
      REQUIRE(reply);
      CHECK(as_text(*reply) == "hello");
      REQUIRE(server.join());
    });
  }
}

TEST_CASE("an endpoint without frames is refused before the call") {
  for (const std::string_view uri :
       {"nonsense", "tcp://127.0.0.1:1?framing=words", "tcp://127.0.0.1:1?max=1KiB",
        "tcp://127.0.0.1:1?framing=lines&bachlog=1", "tcp://127.0.0.1:1?receive=0"}) {
    CAPTURE(uri);
    CHECK(test::kind_of(connect_frames(uri)) == "invalid_argument");
  }
  CHECK(test::kind_of(connect_frames("udp://127.0.0.1:1")) == "unsupported");
}

TEST_CASE("without a listener the connection is refused") {
  auto listener = listen(*Endpoint::parse("tcp://127.0.0.1:0"));
  REQUIRE(listener);
  const std::string uri = listener->endpoint().to_uri() + "?framing=lines";
  listener->close();
  CHECK(test::kind_of(connect_frames(uri)) == "refused");
}

}  // namespace hotline::connect_frames_test

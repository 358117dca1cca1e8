#include "framing/receive_piece.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/framed_call.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::framing::receive_piece_test {
namespace {

constexpr std::size_t kFrameBytes = 64 * 1024;

/// A stream with its peer, and what it assembles.
struct Call {
  explicit Call(GatheringBudget* budget = nullptr)
      : Call(test::stream_pair(), Framing::parse("u32be").value(), budget) {}

  Call(std::pair<UniqueFd, UniqueFd> pair, Framing framing_, GatheringBudget* budget)
      : framing(std::move(framing_)),
        stream(*Stream::adopt(std::move(pair.first))),
        peer(std::move(pair.second)),
        frames(framing, budget) {}

  /// Sends the beginning of a frame of kFrameBytes, and receives it.
  void begin(std::size_t count) {
    test::send_text(peer.get(), text.substr(0, count));
    while (received < count) {
      received += receive_piece(stream, frames).value();
      REQUIRE(frames.next().outcome == Decoded::Outcome::more);
    }
  }

  Framing framing;
  Stream stream;
  UniqueFd peer;
  FrameAssembler frames;
  std::string text = test::wire_of("u32be", {std::string(kFrameBytes, 'x')});
  std::size_t received = 0;
};

}  // namespace

TEST_CASE("what arrives first is a piece of the lease") {
  test::on_each_engine([] {
    Call call;
    test::send_text(call.peer.get(), call.text.substr(0, 100));
    CHECK(receive_piece(call.stream, call.frames).value() == 100);
    CHECK(call.frames.rest().size() == 100);
  });
}

TEST_CASE("much that is missing of a frame is read to its place, and the frame is whole") {
  test::on_each_engine([] {
    Call call;
    call.begin(kFrameBytes / 2);
    const std::size_t before = call.received;
    test::send_text(call.peer.get(), call.text.substr(before));
    while (call.received < call.text.size()) {
      const bool has_room = !call.frames.room().empty();
      call.received += receive_piece(call.stream, call.frames).value();
      CHECK(call.frames.rest().empty() == has_room);
      const FrameAssembler::Step step = call.frames.next();
      if (call.received < call.text.size()) continue;
      REQUIRE(step.outcome == Decoded::Outcome::frame);
      CHECK(as_text(step.payload) == std::string(kFrameBytes, 'x'));
    }
  });
}

TEST_CASE("a deadline that has passed ends the wait for a piece, and for the rest of a frame") {
  test::on_each_engine([] {
    Call call;
    CHECK(receive_piece(call.stream, call.frames, Deadline::at(now())).value() == 0);
    call.begin(kFrameBytes / 2);
    CHECK_FALSE(call.frames.room().empty());
    CHECK(receive_piece(call.stream, call.frames, Deadline::at(now())).value() == 0);
    CHECK(call.frames.is_amid_frame());
  });
}

TEST_CASE("an end between frames is closed, and one within a frame is truncated") {
  test::on_each_engine([] {
    Call between;
    between.peer.reset();
    CHECK(receive_piece(between.stream, between.frames).error().kind == ErrorKind::closed);
    for (const std::size_t count : {std::size_t{1}, kFrameBytes / 2}) {
      CAPTURE(count);
      Call within;
      within.begin(count);
      within.peer.reset();
      CHECK(receive_piece(within.stream, within.frames).error().kind == ErrorKind::truncated);
    }
  });
}

TEST_CASE("a frame that finds no room in the budget is refused with a hint") {
  test::on_each_engine([] {
    GatheringBudget budget(kFrameBytes);
    Call call(&budget);
    // The first piece makes room for the second one, and then there is none.
    for (std::size_t begin : {0U, 20'000U}) {
      std::string piece = call.text.substr(begin, 20'000);
      call.frames.feed(as_writable_bytes(piece));
      REQUIRE(call.frames.next().outcome == Decoded::Outcome::more);
    }
    const std::size_t rest = kFrameBytes - budget.taken_bytes();
    budget.take(rest, 1);
    const auto received = receive_piece(call.stream, call.frames);
    REQUIRE_FALSE(received);
    CHECK(received.error().kind == ErrorKind::resource_exhausted);
    CHECK(received.error().hint() == "raise Limits::message_memory_max");
    budget.give_back(rest);
  });
}

}  // namespace hotline::framing::receive_piece_test

#include "net/stream_state.h"

#include <array>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "net/stream_access.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::stream_state_test {
namespace {

using std::chrono::milliseconds;

/// What was shown, each piece on its own.
class Recorder final : public TrafficTap {
 public:
  void received(const Endpoint&, Bytes bytes) noexcept override { text += '<' + show(bytes); }
  void sent(const Endpoint&, Bytes bytes) noexcept override { text += '>' + show(bytes); }

  std::string text;

 private:
  static std::string show(Bytes bytes) { return std::string(as_text(bytes)) + ' '; }
};

Stream over(UniqueFd socket, StreamOptions options) {
  return net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(socket)),
                                 *Endpoint::parse("unix:@peer"), options);
}

}  // namespace

TEST_CASE("the first bytes have a timeout of their own, later ones another") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    StreamOptions options;
    options.timeouts.first_byte = milliseconds(1);
    options.timeouts.idle = std::chrono::hours(1);
    Stream stream = over(std::move(ours), options);
    CHECK(test::kind_of(stream.receive()) == "timed_out");
    test::send_text(peer.get(), "text");
    CHECK(stream.receive());
    CHECK(stream.receive(deadline_after(milliseconds(5)))->empty());
  });
}

TEST_CASE("the tap is shown what each receive gave and each write sent, piece by piece") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Recorder tap;
    StreamOptions options;
    options.receive_max = 3;
    options.tap = &tap;
    Stream stream = over(std::move(ours), options);
    test::send_text(peer.get(), "onetwo");
    CHECK(stream.receive());
    CHECK(stream.receive());
    const std::array<Bytes, 2> pieces{as_bytes("three"), as_bytes("four")};
    CHECK(stream.write_all(pieces));
    CHECK(tap.text == "<one <two >three >four ");
  });
}

TEST_CASE("the first failure stays how the stream ended") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours), {});
    peer.reset();
    CHECK(test::kind_of(stream.receive()) == "closed");
    CHECK_FALSE(stream.write_all(as_bytes("text")));
    CHECK(stream.ended_with(ErrorKind::closed));
    CHECK(stream.end_reason()->message() ==
          "cannot receive from unix:@peer: the peer closed the connection");
  });
}

TEST_CASE("a receive with a deadline returns nothing if nothing has come, and the stream goes on") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    Stream stream = over(std::move(ours), {});
    const auto none = stream.receive(deadline_after(milliseconds(1)));
    REQUIRE(none);
    CHECK(none->empty());
    CHECK(!stream.end_reason());
    test::send_text(peer.get(), "text");
    const auto some = stream.receive(deadline_after(std::chrono::hours(1)));
    REQUIRE(some);
    CHECK(as_text(*some) == "text");
    CHECK(stream.receive(Deadline::at(now()))->empty());
    peer.reset();
    CHECK(test::kind_of(stream.receive(deadline_after(std::chrono::hours(1)))) == "closed");
    CHECK(test::kind_of(stream.receive(Deadline::at(now()))) == "closed");
  });
}

TEST_CASE("a timeout of the stream or of a scope that comes before the deadline is a failure") {
  test::on_each_engine([] {
    auto [ours, peer] = test::stream_pair();
    StreamOptions options;
    options.timeouts.first_byte = milliseconds(1);
    Stream stream = over(std::move(ours), options);
    const Deadline far = deadline_after(std::chrono::hours(1));
    CHECK(test::kind_of(stream.receive(far)) == "timed_out");
    auto [others, other_peer] = test::stream_pair();
    Stream other = over(std::move(others), {});
    const DeadlineScope scope(deadline_after(milliseconds(1)));
    CHECK(test::kind_of(other.receive(far)) == "timed_out");
  });
}

}  // namespace hotline::stream_state_test

#include "session/stream_state.h"

#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

namespace hotline::session::stream_state_test {
namespace {

constexpr StreamLimits kOwn{.flow_credit = 10, .message_credit = 100};
constexpr StreamLimits kPeer{.flow_credit = 20, .message_credit = 200};

/// As a command's: flow 0 from the opener, 1 and 2 from the accepter.
StreamState opener() { return {StreamPhase::opening, {1, 2}, kOwn, kPeer}; }
StreamState accepter() { return {StreamPhase::offered, {1, 2}, kOwn, kPeer}; }

SessionCode code_of(const std::optional<SessionFault>& fault) {
  return fault ? fault->code : SessionCode::drain;
}

constexpr auto kNone = SessionCode::drain;

End end_of(std::uint8_t flow, std::uint64_t total, std::string_view trailer = {}) {
  return {flow, total, as_bytes(trailer)};
}

}  // namespace

TEST_CASE("each end sends its own flows and receives those of the other") {
  StreamState one = opener();
  StreamState other = accepter();
  for (const std::uint8_t flow : std::initializer_list<std::uint8_t>{0, 1, 2}) {
    CHECK((one.outgoing(flow) != nullptr) == (flow == 0));
    CHECK((one.incoming(flow) != nullptr) == (flow != 0));
    CHECK((other.outgoing(flow) != nullptr) == (flow != 0));
    CHECK((other.incoming(flow) != nullptr) == (flow == 0));
  }
  for (const std::uint8_t flow : std::initializer_list<std::uint8_t>{3, 8, 254}) {
    CHECK(one.outgoing(flow) == nullptr);
    CHECK(one.incoming(flow) == nullptr);
  }
  CHECK(one.outgoing(kMessageFlow)->limit == 200);
  CHECK(one.incoming(kMessageFlow)->limit == 100);
  CHECK(one.outgoing(0)->limit == 20);
  CHECK(one.incoming(2)->limit == 10);
}

TEST_CASE("DATA continues its flow within the credit, to its last byte") {
  StreamState stream = opener();
  CHECK(code_of(stream.receive_data({1, 0}, 4)) == kNone);
  CHECK(code_of(stream.receive_data({1, 0}, 1)) == SessionCode::offset);
  CHECK(code_of(stream.receive_data({1, 5}, 1)) == SessionCode::offset);
  CHECK(code_of(stream.receive_data({1, 4}, 7)) == SessionCode::credit);
  CHECK(code_of(stream.receive_data({1, 4}, 6)) == kNone);
  CHECK(code_of(stream.receive_data({1, 10}, 1)) == SessionCode::credit);
  CHECK(code_of(stream.receive_data({2, 0}, 10)) == kNone);  // Its credit is its own.
}

TEST_CASE("DATA of a flow that the sender does not have is a violation") {
  StreamState stream = opener();
  for (const std::uint8_t flow : std::initializer_list<std::uint8_t>{0, 3, 255}) {
    CHECK(code_of(stream.receive_data({flow, 0}, 1)) == SessionCode::protocol);
  }
}

TEST_CASE("after its END a flow has neither DATA nor another END") {
  StreamState stream = opener();
  CHECK(code_of(stream.receive_data({1, 0}, 4)) == kNone);
  CHECK(code_of(stream.receive_end(end_of(1, 3))) == SessionCode::offset);
  CHECK(code_of(stream.receive_end(end_of(1, 5))) == SessionCode::offset);
  CHECK(code_of(stream.receive_end(end_of(1, 4, "digest"))) == kNone);
  CHECK(code_of(stream.receive_data({1, 4}, 1)) == SessionCode::protocol);
  CHECK(code_of(stream.receive_end(end_of(1, 4))) == SessionCode::protocol);
  CHECK(code_of(stream.receive_end(end_of(0, 0))) == SessionCode::protocol);
}

TEST_CASE("messages cost their size and 32, to the last byte of credit") {
  StreamState stream = opener();
  CHECK(code_of(stream.receive_message(100 - kMessageCost + 1)) == SessionCode::credit);
  CHECK(code_of(stream.receive_cost(0)) == kNone);
  CHECK(code_of(stream.receive_message(4)) == kNone);
  CHECK(code_of(stream.receive_message(1)) == SessionCode::credit);
  CHECK(code_of(stream.receive_message(0)) == kNone);
  CHECK(code_of(stream.receive_message(0)) == SessionCode::credit);
}

TEST_CASE("messages end after the flows, with their number, without a trailer, and only once") {
  StreamState stream = opener();
  CHECK(code_of(stream.receive_message(1)) == kNone);
  CHECK(code_of(stream.receive_end(end_of(1, 0))) == kNone);
  CHECK(code_of(stream.receive_end(end_of(kMessageFlow, 1))) == SessionCode::protocol);
  CHECK(code_of(stream.receive_end(end_of(2, 0))) == kNone);
  CHECK(code_of(stream.receive_end(end_of(kMessageFlow, 0))) == SessionCode::offset);
  CHECK(code_of(stream.receive_end(end_of(kMessageFlow, 1, "x"))) == SessionCode::malformed);
  CHECK(code_of(stream.receive_end(end_of(kMessageFlow, 1))) == kNone);
  CHECK(code_of(stream.receive_message(0)) == SessionCode::protocol);
  CHECK(code_of(stream.receive_end(end_of(kMessageFlow, 1))) == SessionCode::protocol);
}

TEST_CASE("CREDIT adds to what may be sent, up to 1 GiB that is unused") {
  StreamState stream = opener();
  CHECK(code_of(stream.receive_credit({0, 5})) == kNone);
  CHECK(stream.outgoing(0)->credit() == 25);
  CHECK(code_of(stream.receive_credit({kMessageFlow, 5})) == kNone);
  CHECK(stream.outgoing(kMessageFlow)->credit() == 205);
  CHECK(code_of(stream.receive_credit({0, 0})) == SessionCode::malformed);
  CHECK(code_of(stream.receive_credit({1, 1})) == SessionCode::protocol);
  CHECK(code_of(stream.receive_credit({9, 1})) == SessionCode::protocol);
  CHECK(code_of(stream.receive_credit({0, kCreditMax - 24})) == SessionCode::credit);
  CHECK(code_of(stream.receive_credit({0, kCreditMax - 25})) == kNone);
  CHECK(code_of(stream.receive_credit({0, 1})) == SessionCode::credit);
  stream.outgoing(0)->offset += 1;
  CHECK(code_of(stream.receive_credit({0, 1})) == kNone);
  stream.outgoing(0)->is_ended = true;
  CHECK(code_of(stream.receive_credit({0, 1})) == kNone);
  CHECK(stream.outgoing(0)->credit() == kCreditMax);
}

TEST_CASE("what is granted is sent as one CREDIT for each flow") {
  StreamState stream = opener();
  CHECK(stream.grant(1, 3));
  CHECK(stream.grant(1, 4));
  CHECK(stream.grant(kMessageFlow, 8));
  CHECK(!stream.grant(0, 1));
  CHECK(!stream.grant(9, 1));
  CHECK(!stream.grant(2, 0));
  CHECK(stream.incoming(1)->credit() == 17);
  std::string expected;
  append_credit(expected, 5, {1, 7});
  append_credit(expected, 5, {kMessageFlow, 8});
  std::string out;
  stream.append_granted(out, 5);
  CHECK(out == expected);
  out.clear();
  stream.append_granted(out, 5);
  CHECK(out.empty());
}

TEST_CASE("what is granted never exceeds 1 GiB that is unused") {
  StreamState stream = opener();
  CHECK(stream.grant(1, 0xffffffff));
  CHECK(stream.grant(1, 0xffffffff));
  CHECK(stream.incoming(1)->credit() == kCreditMax);
  std::string out;
  stream.append_granted(out, 1);
  CHECK(decode_credit(as_bytes(out).subspan(kHeaderBytes)).bytes == kCreditMax - 10);
}

TEST_CASE("a flow that has ended gets no credit") {
  StreamState stream = opener();
  CHECK(stream.grant(1, 3));
  CHECK(code_of(stream.receive_end(end_of(1, 0))) == kNone);
  CHECK(!stream.grant(1, 3));
  std::string out;
  stream.append_granted(out, 1);
  CHECK(out.empty());
}

TEST_CASE("a stream is complete when both ends have ended their messages") {
  StreamState stream = accepter();
  CHECK(!stream.has_ended_flows());
  stream.outgoing(1)->is_ended = true;
  CHECK(!stream.has_ended_flows());
  stream.outgoing(2)->is_ended = true;
  CHECK(stream.has_ended_flows());
  stream.outgoing(kMessageFlow)->is_ended = true;
  CHECK(!stream.is_complete());
  stream.incoming(kMessageFlow)->is_ended = true;
  CHECK(stream.is_complete());
}

TEST_CASE("a reset before ACCEPT is another phase than a later one") {
  StreamState stream = opener();
  stream.enter_reset();
  CHECK(stream.phase == StreamPhase::opening_reset);
  stream = accepter();
  stream.enter_reset();
  CHECK(stream.phase == StreamPhase::open_reset);
}

}  // namespace hotline::session::stream_state_test

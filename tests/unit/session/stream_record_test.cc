#include "session/stream_record.h"

#include <doctest/doctest.h>

#include "support/session_pair.h"

namespace hotline::session::stream_record_test {
namespace {

TEST_CASE("an end reads the flows of its peer, and no others") {
  StreamRecord opened({1, 2}, true, test::pair_options());
  CHECK(opened.inflow(0) == nullptr);
  CHECK(opened.inflow(1) != nullptr);
  CHECK(opened.inflow(2) != nullptr);
  CHECK(opened.inflow(3) == nullptr);
  CHECK(opened.inflow(kMessageFlow) == nullptr);
  StreamRecord accepted({1, 2}, false, test::pair_options());
  CHECK(accepted.inflow(0) != nullptr);
  CHECK(accepted.inflow(1) == nullptr);
}

TEST_CASE("what came first is read first: bytes, messages and ends") {
  StreamRecord record({0, 2}, true, test::pair_options());
  CHECK_FALSE(record.first_readable());
  record.inflow(1)->add(as_bytes("x"), 3);
  record.inflow(0)->note_end(0, {}, 4);
  record.messages.push_back({{}, 32, 2});
  CHECK(record.first_readable() == kMessageFlow);
  record.messages.pop_front();
  CHECK(record.first_readable() == 1);
  record.inflow(1)->lend();
  CHECK(record.first_readable() == 0);
  record.inflow(0)->note_end_read();
  CHECK_FALSE(record.first_readable());
  record.message_total = 1;
  CHECK(record.first_readable() == kMessageFlow);
  record.is_message_end_read = true;
  CHECK_FALSE(record.first_readable());
}

TEST_CASE("a message before the end of the messages is read before it") {
  StreamRecord record({}, true, test::pair_options());
  record.messages.push_back({{}, 32, 1});
  record.message_total = 1;
  record.message_end_order = 2;
  CHECK(record.first_readable() == kMessageFlow);
  CHECK_FALSE(record.is_read_out());
}

TEST_CASE("a stream is read out once the end of each flow of the peer and of its messages was") {
  StreamRecord record({3, 2}, true, test::pair_options());
  record.inflow(3)->note_end_read();
  record.is_message_end_read = true;
  CHECK_FALSE(record.is_read_out());
  record.inflow(4)->note_end_read();
  CHECK(record.is_read_out());
  record.is_message_end_read = false;
  CHECK_FALSE(record.is_read_out());
}

TEST_CASE("the growth of a stream is that of all its flows") {
  SessionOptions options = test::pair_options();
  options.flow_credit = 10;
  options.flow_credit_max = 40;
  StreamRecord record({0, 2}, true, options);
  GrowthPool pool{100};
  for (std::uint8_t flow = 0; flow < 2; ++flow) {
    Inflow& inflow = *record.inflow(flow);
    inflow.add(as_bytes("0123456789"), 1);
    inflow.lend();
    inflow.give_back();
    CHECK(inflow.take_credit(pool) == 20);
  }
  CHECK(record.growth() == 20);
}

}  // namespace
}  // namespace hotline::session::stream_record_test

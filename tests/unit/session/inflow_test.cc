#include "session/inflow.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace hotline::session::inflow_test {
namespace {

/// A flow with a credit of 100, which may grow to 400, and a pool.
struct GrowingFlow {
  explicit GrowingFlow(std::uint64_t pool_bytes = 1'000) : pool{pool_bytes} {
    inflow.begin(100, 400);
  }

  void arrive(std::size_t size) { inflow.add(as_bytes(std::string(size, 'x')), 1); }

  /// Reads what has arrived. Returns the credit that the reader then gives before it waits.
  std::uint32_t read_and_wait() {
    read();
    return inflow.take_credit(pool);
  }

  void read() {
    inflow.lend();
    inflow.give_back();
  }

  Inflow inflow;
  GrowthPool pool;
};

TEST_CASE("bytes are lent in the order in which they arrived, and more can arrive during a loan") {
  Inflow inflow;
  inflow.begin(100, 100);
  inflow.add(as_bytes("one "), 1);
  inflow.add(as_bytes("two"), 2);
  const Bytes lent = inflow.lend();
  inflow.add(as_bytes("three"), 3);
  CHECK(as_text(lent) == "one two");
  CHECK(inflow.order() == 3);
  inflow.give_back();
  CHECK(as_text(inflow.lend()) == "three");
  CHECK(inflow.is_empty());
}

TEST_CASE("much that was not read is kept in pieces, each with its own order") {
  constexpr std::size_t kArrival = 60'000;
  constexpr std::size_t kPieceMax = 256 * 1024;
  Inflow inflow;
  inflow.begin(1U << 20, 1U << 20);
  std::string sent;
  for (std::uint64_t order = 1; order <= 15; ++order) {
    const std::string bytes(kArrival, static_cast<char>('a' + order));
    sent += bytes;
    inflow.add(as_bytes(bytes), order);
  }
  std::string read;
  std::size_t pieces = 0;
  while (!inflow.is_empty()) {
    CHECK(inflow.order() == read.size() / kArrival + 1);
    const Bytes lent = inflow.lend();
    CHECK(lent.size() <= kPieceMax);
    read += as_text(lent);
    inflow.give_back();
    ++pieces;
  }
  CHECK((read == sent));
  CHECK(pieces == 4);
}

TEST_CASE("what arrives at once stays in one piece, whatever its size") {
  Inflow inflow;
  inflow.begin(1U << 20, 1U << 20);
  inflow.add(as_bytes("x"), 1);
  inflow.add(as_bytes(std::string(600'000, 'y')), 2);
  CHECK(inflow.lend().size() == 1);
  inflow.give_back();
  CHECK(inflow.lend().size() == 600'000);
}

/// Memory of a session that holds `text`.
SharedMemory shared(std::string_view text) {
  auto memory = std::make_shared<std::byte[]>(text.size());
  std::ranges::copy(as_bytes(text), memory.get());
  return memory;
}

TEST_CASE("shared memory is lent without a copy, in order with bytes that were copied") {
  Inflow inflow;
  inflow.begin(100, 100);
  const SharedMemory memory = shared("shared");
  inflow.add(as_bytes("before"), 1);
  inflow.add(Bytes(memory.get(), 6), 2, memory);
  inflow.add(as_bytes("after "), 3);
  inflow.add(as_bytes("it"), 4);
  CHECK(as_text(inflow.lend()) == "before");
  inflow.give_back();
  CHECK(inflow.order() == 2);
  CHECK(inflow.lend().data() == memory.get());
  inflow.give_back();
  CHECK(inflow.order() == 3);
  CHECK(as_text(inflow.lend()) == "after it");
}

TEST_CASE("shared memory is kept until the loan of it has ended") {
  Inflow inflow;
  inflow.begin(100, 100);
  SharedMemory memory = shared("shared");
  inflow.add(Bytes(memory.get(), 6), 1, memory);
  CHECK(memory.use_count() == 2);
  inflow.lend();
  CHECK(memory.use_count() == 2);
  inflow.give_back();
  CHECK(memory.use_count() == 1);
}

TEST_CASE("no bytes are nothing to read") {
  Inflow inflow;
  inflow.begin(100, 100);
  inflow.add({}, 1);
  CHECK(inflow.is_empty());
}

TEST_CASE("the order of a flow is that of its first unread bytes, and then of its end") {
  Inflow inflow;
  inflow.begin(100, 100);
  inflow.add(as_bytes("a"), 4);
  inflow.add(as_bytes("b"), 7);
  inflow.note_end(2, as_bytes("digest"), 9);
  CHECK(inflow.order() == 4);
  inflow.lend();
  CHECK(inflow.order() == 9);
  CHECK(inflow.total() == 2);
  CHECK(inflow.trailer() == "digest");
  CHECK(inflow.has_ended());
  CHECK_FALSE(inflow.is_done());
  inflow.note_end_read();
  CHECK(inflow.is_done());
}

TEST_CASE("credit is given for half a window of bytes that were read at once") {
  GrowingFlow flow;
  flow.arrive(49);
  CHECK(flow.read_and_wait() == 0);
  flow.arrive(1);
  CHECK(flow.read_and_wait() == 50);
  CHECK(flow.inflow.growth() == 0);
}

TEST_CASE("no credit is given for bytes that are lent") {
  GrowingFlow flow;
  flow.arrive(100);
  flow.inflow.lend();
  CHECK(flow.inflow.take_credit(flow.pool) == 0);
}

TEST_CASE("the credit doubles when the sender had to stop and the reader waits") {
  GrowingFlow flow;
  flow.arrive(100);
  CHECK(flow.read_and_wait() == 200);
  CHECK(flow.inflow.growth() == 100);
  CHECK(flow.pool.left == 900);
}

TEST_CASE("the credit also grows if its reader takes more than one piece before it waits") {
  GrowingFlow flow;
  const SharedMemory memory = shared(std::string(60, 'x'));
  flow.inflow.add(Bytes(memory.get(), 60), 1, memory);
  flow.arrive(40);
  flow.read();
  CHECK(flow.inflow.take_credit(flow.pool) == 60);
  CHECK(flow.inflow.growth() == 0);
  CHECK(flow.read_and_wait() == 140);
  CHECK(flow.inflow.growth() == 100);
}

TEST_CASE("the credit does not grow while the reader has something to read") {
  GrowingFlow flow;
  flow.arrive(60);
  flow.read();
  flow.arrive(40);
  CHECK(flow.inflow.take_credit(flow.pool) == 60);
  CHECK(flow.inflow.growth() == 0);
}

TEST_CASE("the credit does not grow while the sender could go on") {
  GrowingFlow flow;
  flow.arrive(87);
  CHECK(flow.read_and_wait() == 87);
  CHECK(flow.inflow.growth() == 0);
}

TEST_CASE("the credit never grows beyond its limit") {
  GrowingFlow flow;
  std::uint32_t credit = 100;
  for (const std::uint32_t window : {200U, 400U, 400U, 400U}) {
    flow.arrive(credit);
    credit = flow.read_and_wait();
    CHECK(credit == window);
  }
  CHECK(flow.inflow.growth() == 300);
  CHECK(flow.pool.left == 700);
}

TEST_CASE("the credit never grows by more than the pool has") {
  GrowingFlow flow(30);
  flow.arrive(100);
  CHECK(flow.read_and_wait() == 130);
  flow.arrive(130);
  CHECK(flow.read_and_wait() == 130);
  CHECK(flow.pool.left == 0);
  CHECK(flow.inflow.growth() == 30);
}

TEST_CASE("a limit below the first credit has no effect") {
  Inflow inflow;
  GrowthPool pool{1'000};
  inflow.begin(100, 10);
  inflow.add(as_bytes(std::string(100, 'x')), 1);
  inflow.lend();
  inflow.give_back();
  CHECK(inflow.take_credit(pool) == 100);
  CHECK(inflow.growth() == 0);
}

TEST_CASE("a buffer that is dropped has no memory left, and a small one keeps it") {
  std::string large(10'000, 'x');
  std::string small(100, 'x');
  large.clear();
  small.clear();
  drop_if_large(large, 1'000);
  drop_if_large(small, 1'000);
  CHECK(large.capacity() < 100);
  CHECK(small.capacity() >= 100);
}

TEST_CASE("no credit is given for a flow that has ended") {
  GrowingFlow flow;
  flow.arrive(100);
  flow.inflow.note_end(100, {}, 2);
  CHECK(flow.read_and_wait() == 0);
  CHECK(flow.pool.left == 1'000);
}

}  // namespace
}  // namespace hotline::session::inflow_test

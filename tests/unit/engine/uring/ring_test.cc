#include "engine/uring/ring.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/engine_choice.h"
#include "support/sockets.h"

namespace hotline::engine::ring_test {
namespace {

/// Keeps the result with which it is completed.
class Result final : public Completion {
 public:
  void complete(int result, unsigned) noexcept override { results.push_back(result); }

  std::vector<int> results;
};

Instant now() { return std::chrono::steady_clock::now(); }

void wait_for(Ring& ring, const Result& result) {
  while (result.results.empty()) {
    ring.submit_and_wait(now(), Deadline::never());
    ring.reap();
  }
}

bool is_usable() { return probe_uring().is_usable; }

}  // namespace

TEST_CASE("a ring can be made, and reports its flags") {
  if (!is_usable()) return;
  io_uring ring{};
  RingFlags accepted{};
  REQUIRE(make_ring(ring, accepted) == 0);
  CHECK(accepted.text != nullptr);
  CHECK((ring.flags & accepted.bits) == accepted.bits);
  io_uring_queue_exit(&ring);
}

TEST_CASE("a submission completes at its target with its result") {
  if (!is_usable()) return;
  Ring ring;
  Result result;
  io_uring_prep_nop(&ring.next_entry(result));
  wait_for(ring, result);
  CHECK(result.results == std::vector{0});
}

TEST_CASE("more submissions than fit into the queue all complete") {
  if (!is_usable()) return;
  Ring ring;
  std::vector<Result> results(2000);
  for (Result& each : results) io_uring_prep_nop(&ring.next_entry(each));
  for (const Result& each : results) wait_for(ring, each);
  for (const Result& each : results) CHECK(each.results.size() == 1);
}

TEST_CASE("a wait ends at its deadline, and at once if that has passed") {
  if (!is_usable()) return;
  Ring ring;
  const Instant before = now();
  ring.submit_and_wait(before, Deadline::at(before));
  ring.submit_and_wait(before, Deadline::at(before - std::chrono::seconds(1)));
  ring.submit_and_wait(before, Deadline::after(before, std::chrono::milliseconds(3)));
  CHECK(now() - before >= std::chrono::milliseconds(3));
  CHECK(now() - before < std::chrono::seconds(5));
  ring.reap();
}

TEST_CASE("a completion that is already there does not delay the others") {
  if (!is_usable()) return;
  const auto [ours, peer] = test::stream_pair();
  Ring ring;
  Result polled;
  io_uring_prep_poll_add(&ring.next_entry(polled), ours.get(), POLLIN);
  ring.flush();
  test::send_text(peer.get(), "x");
  Result other;
  io_uring_prep_nop(&ring.next_entry(other));
  ring.flush();
  ring.submit_and_wait(now(), Deadline::never());
  ring.reap();
  CHECK(other.results.size() == 1);
  CHECK(polled.results == std::vector{POLLIN});
}

TEST_CASE("a cancelled submission still completes, once") {
  if (!is_usable()) return;
  const auto [ours, peer] = test::stream_pair();
  Ring ring;
  Result result;
  io_uring_prep_poll_add(&ring.next_entry(result), ours.get(), POLLIN);
  ring.cancel(result);
  wait_for(ring, result);
  ring.submit_and_wait(now(), Deadline::at(now()));
  ring.reap();
  CHECK(result.results == std::vector{-ECANCELED});
}

TEST_CASE("a cancel of a completed submission does nothing") {
  if (!is_usable()) return;
  Ring ring;
  Result result;
  io_uring_prep_nop(&ring.next_entry(result));
  wait_for(ring, result);
  ring.cancel(result);
  for (int i = 0; i < 3; ++i) {
    ring.submit_and_wait(now(), Deadline::at(now()));
    ring.reap();
  }
  CHECK(result.results.size() == 1);
}

TEST_CASE("enough bytes to send are submitted before the end of the turn") {
  if (!is_usable()) return;
  auto [ours, peer] = test::stream_pair();
  Ring ring;
  Result result;
  const std::string text(64 * 1024, 's');
  io_uring_prep_send(&ring.next_entry(result), ours.get(), text.data(), text.size(), MSG_NOSIGNAL);
  ring.note_send(16 * 1024 * 1024);
  CHECK(test::receive_text(peer.get(), text.size()) == text);
  wait_for(ring, result);
  CHECK(result.results == std::vector{64 * 1024});
}

TEST_CASE("without a descriptor no ring can be made") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  CHECK_THROWS_AS(Ring(), std::system_error);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

}  // namespace hotline::engine::ring_test

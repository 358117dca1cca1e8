#include "server/admission.h"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"

namespace hotline::server::admission_test {
namespace {

Endpoint peer(const std::string& host, int port = 1) {
  const auto endpoint = Endpoint::parse("tcp://" + host + ":" + std::to_string(port));
  REQUIRE(endpoint);
  return *endpoint;
}

bool has_room(Admission& admission) {
  const DeadlineScope scope(deadline_after(std::chrono::milliseconds(1)));
  return admission.take_room().has_value();
}

}  // namespace

TEST_CASE("there is room for as many calls as allowed, and for one more when one has ended") {
  test::on_each_engine([] {
    Admission admission(2, 100);
    CHECK(has_room(admission));
    CHECK(has_room(admission));
    CHECK_FALSE(has_room(admission));
    admission.give_room_back();
    CHECK(has_room(admission));
    CHECK_FALSE(has_room(admission));
  });
}

TEST_CASE("an address may have a limited number of calls at once, whatever their ports") {
  Admission admission(100, 2);
  const auto first = admission.admit(peer("192.0.2.1", 1));
  REQUIRE(first);
  CHECK(admission.admit(peer("192.0.2.1", 2)));
  CHECK_FALSE(admission.admit(peer("192.0.2.1", 3)));
  CHECK(admission.admit(peer("192.0.2.2")));
  CHECK(admission.admit(peer("[2001:db8::1]")));
  CHECK(admission.admit(peer("[2001:db8::1]")));
  CHECK_FALSE(admission.admit(peer("[2001:db8::1]")));
  admission.leave(*first);
  CHECK(admission.admit(peer("192.0.2.1", 4)));
  CHECK_FALSE(admission.admit(peer("192.0.2.1", 5)));
}

TEST_CASE("the addresses of one IPv6 network of 64 bits count as one caller") {
  Admission admission(100, 2);
  CHECK(admission.admit(peer("[2001:db8:0:1::1]")));
  CHECK(admission.admit(peer("[2001:db8:0:1:ffff:ffff:ffff:ffff]")));
  CHECK_FALSE(admission.admit(peer("[2001:db8:0:1::2]")));
  CHECK(admission.admit(peer("[2001:db8:0:2::1]")));
  CHECK(admission.admit(peer("[2001:db8:1:1::1]")));
  // And an IPv4 address is never such a network.
  CHECK(admission.admit(peer("32.1.13.184")));
}

TEST_CASE("callers on this machine have no limit of their own") {
  Admission admission(100, 1);
  const auto unix_peer = Endpoint::parse("unix:@x");
  for (int i = 0; i < 5; ++i) {
    CHECK(admission.admit(peer("127.0.0.1")));
    CHECK(admission.admit(peer("[::1]")));
    CHECK(admission.admit(*unix_peer));
  }
  admission.leave(*admission.admit(*unix_peer));
}

TEST_CASE("an address without calls starts again from zero") {
  Admission admission(100, 1);
  for (int i = 0; i < 10; ++i) {
    const auto admitted = admission.admit(peer("192.0.2.1"));
    REQUIRE(admitted);
    CHECK_FALSE(admission.admit(peer("192.0.2.1")));
    admission.leave(*admitted);
  }
}

TEST_CASE("many threads at once keep the count right") {
  Admission admission(8, 4);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        if (!admission.take_room()) return;
        const auto admitted = admission.admit(peer("192.0.2.1"));
        CHECK(admitted);
        admission.leave(admitted.value_or(nullptr));
        admission.give_room_back();
      }
    });
  }
  threads.clear();
  CHECK(admission.room_left() == 8);
  for (int i = 0; i < 4; ++i) CHECK(admission.admit(peer("192.0.2.1")));
  CHECK_FALSE(admission.admit(peer("192.0.2.1")));
}

}  // namespace hotline::server::admission_test

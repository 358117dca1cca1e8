#include "session/driver.h"

#include <latch>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::session::driver_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;
using test::on_each_engine;
using test::pair_options;

TEST_CASE("a wake-up that a failed wait cannot use is passed on") {
  auto [near, far] = test::connected_streams();
  Driver driver(std::move(near), SessionRole::client, pair_options());
  std::latch is_begun(1);
  Result<void> waited;
  std::thread early([&] {
    auto lock = driver.lock();
    is_begun.count_down();
    waited = driver.wait(lock, driver.waiters, kRoom, deadline_after(1ms));
  });
  is_begun.wait();
  auto lock = driver.lock();
  const Waiter late(driver.waiters, kRoom);
  // The wait fails now, but its thread cannot leave it without the lock.
  REQUIRE(sleep_for(20ms));
  driver.waiters.wake_one(kRoom);
  CHECK_FALSE(late.is_woken());
  lock.unlock();
  early.join();
  lock.lock();
  CHECK((waited || late.is_woken()));
}

TEST_CASE("a wait does not hold the lock, and has it afterwards") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    Driver driver(std::move(near), SessionRole::client, pair_options());
    auto lock = driver.lock();
    CHECK(kind_of(driver.wait(lock, driver.waiters, kOver, deadline_after(1ms))) == "timed_out");
    CHECK(lock.owns_lock());
  });
}

TEST_CASE("a stream that is dropped gives what its credit has grown by to the other streams") {
  auto [near, far] = test::connected_streams();
  SessionOptions options = pair_options();
  options.flow_credit = 100;
  options.flow_credit_max = 200;
  options.growth_max = 100;
  Driver driver(std::move(near), SessionRole::client, options);
  const auto grow = [&](SessionStreamId id) {
    Inflow& inflow = *driver.add_record(id, {0, 1}, true).inflow(0);
    inflow.add(as_bytes(std::string(100, 'x')), 1);
    inflow.lend();
    inflow.give_back();
    driver.give_credit(id, 0, inflow);
    return inflow.growth();
  };
  const auto lock = driver.lock();
  CHECK(grow(1) == 100);
  CHECK(grow(3) == 0);
  driver.drop_record(1);
  CHECK(driver.find_record(1) == nullptr);
  CHECK(grow(5) == 100);
}

TEST_CASE("a session that is stopped is over, and its waits end") {
  on_each_engine([] {
    auto [near, far] = test::connected_streams();
    Driver driver(std::move(near), SessionRole::client, pair_options());
    REQUIRE(driver.start());
    driver.stop();
    driver.stop();
    CHECK(driver.is_over());
    CHECK(driver.end_reason());
  });
}

TEST_CASE("a session that is stopped without a start is over") {
  auto [near, far] = test::connected_streams();
  Driver driver(std::move(near), SessionRole::client, pair_options());
  driver.stop();
  CHECK(driver.is_over());
}

}  // namespace
}  // namespace hotline::session::driver_test

#include "engine/engine.h"

#include <array>
#include <cerrno>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/random.h"
#include "support/loops.h"

namespace hotline::engine::engine_test {

TEST_CASE("end codes are not errno values, and can be distinguished from them") {
  CHECK(is_end_code(-kDeadlineEnd));
  CHECK(is_end_code(-kDrainEnd));
  CHECK(is_end_code(-kCancelEnd));
  CHECK_FALSE(is_end_code(-EAGAIN));
  CHECK_FALSE(is_end_code(-4095));
  CHECK_FALSE(is_end_code(0));
  CHECK_FALSE(is_end_code(1));
}

TEST_CASE("the result of an operation becomes the matching error") {
  CHECK(operation_error(-kDeadlineEnd, "x").kind == ErrorKind::timed_out);
  CHECK(operation_error(-kDrainEnd, "x").kind == ErrorKind::draining);
  CHECK(operation_error(-kCancelEnd, "x").kind == ErrorKind::cancelled);
  CHECK(operation_error(-kDeadlineEnd, "x").native_code == 0);
  const Error error = operation_error(-ECONNRESET, "receive from", "tcp://[::1]:1");
  CHECK(error.kind == ErrorKind::reset);
  CHECK(error.native_code == ECONNRESET);
  CHECK(error.endpoint == "tcp://[::1]:1");
}

TEST_CASE("a drain can become a cancel, but a cancel never becomes a drain") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    Fiber* fiber = nullptr;
    loop.spawn(
        "test",
        [&] {
          fiber = loop.fiber();
          loop.yield();
          loop.yield();
        },
        &group);
    loop.yield();
    loop.interrupt(*fiber, kCancelEnd);
    loop.interrupt(*fiber, kDrainEnd);
    CHECK(fiber->scope.end_code == kCancelEnd);
    group.join();
  });
}

TEST_CASE("random bytes fill the memory, and differ from call to call") {
  test::on_each_engine([] {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
      std::string bytes(32, '\0');
      random_bytes(std::as_writable_bytes(std::span(bytes)));
      CHECK(seen.insert(bytes).second);
    }
    random_bytes({});
    std::string large(100'000, '\0');
    random_bytes(std::as_writable_bytes(std::span(large)));
    CHECK(large.find(std::string(64, '\0')) == std::string::npos);
  });
}

}  // namespace hotline::engine::engine_test

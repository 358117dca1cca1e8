#include <exception>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

// Exceptions belong to the stack that throws them: see ExceptionState.

namespace hotline::engine::exceptions_test {
namespace {

/// Waits during unwinding.
class YieldsInDestructor {
 public:
  YieldsInDestructor(EventLoop& loop, int& uncaught) : loop_(loop), uncaught_(uncaught) {}
  ~YieldsInDestructor() {
    loop_.yield();
    uncaught_ = std::uncaught_exceptions();
  }

 private:
  EventLoop& loop_;
  int& uncaught_;
};

std::string rethrown_after_yields(EventLoop& loop, const std::string& own) {
  try {
    try {
      throw std::runtime_error(own);
    } catch (...) {
      for (int i = 0; i < 3; ++i) loop.yield();
      throw;
    }
  } catch (const std::runtime_error& caught) {
    loop.yield();
    return caught.what();
  }
}

}  // namespace

TEST_CASE("each fiber rethrows the exception that it caught itself, after any number of switches") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    std::string one;
    std::string other;
    loop.spawn(
        "one", [&] { one = rethrown_after_yields(loop, "one"); }, &group);
    loop.spawn(
        "other", [&] { other = rethrown_after_yields(loop, "other"); }, &group);
    group.join();
    CHECK(one == "one");
    CHECK(other == "other");
    CHECK_FALSE(std::current_exception());
  });
}

TEST_CASE("a fiber that holds no exception sees none of another's") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    bool saw_one = true;
    loop.spawn(
        "holder", [&] { rethrown_after_yields(loop, "held"); }, &group);
    loop.spawn(
        "looker", [&] { saw_one = std::current_exception() != nullptr; }, &group);
    group.join();
    CHECK_FALSE(saw_one);
  });
}

TEST_CASE("exceptions in flight are counted for each fiber separately") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    int inside = -1;
    int beside = -1;
    int afterwards = -1;
    loop.spawn(
        "thrower",
        [&] {
          try {
            const YieldsInDestructor guard(loop, inside);
            throw 1;
          } catch (int) {
          }
          afterwards = std::uncaught_exceptions();
        },
        &group);
    loop.spawn(
        "other", [&] { beside = std::uncaught_exceptions(); }, &group);
    group.join();
    CHECK(inside == 1);
    CHECK(beside == 0);
    CHECK(afterwards == 0);
  });
}

TEST_CASE("nested catches survive switches in the order of their nesting") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    std::string order;
    for (const char name : {'a', 'b'}) {
      loop.spawn(
          "test",
          [&loop, &order, name] {
            try {
              throw name;
            } catch (char outer) {
              try {
                loop.yield();
                throw std::string(1, outer) + "2";
              } catch (const std::string& inner) {
                loop.yield();
                order += inner;
              }
              loop.yield();
              order += outer;
            }
          },
          &group);
    }
    group.join();
    CHECK(order == "a2b2ab");
  });
}

TEST_CASE("an exception that leaves a fiber reaches the join of its group unchanged") {
  test::on_each_engine([] {
    TaskGroup group;
    REQUIRE(group.spawn("thrower", [] { throw std::out_of_range("far"); }));
    try {
      static_cast<void>(group.join());
      FAIL("nothing was thrown");
    } catch (const std::out_of_range& caught) {
      CHECK(std::string(caught.what()) == "far");
    }
    CHECK(group.join());
  });
}

TEST_CASE("the first of several exceptions to leave its fiber is thrown") {
  test::on_each_loop([](EventLoop& loop) {
    TaskGroup group;
    REQUIRE(group.spawn("late", [&] {
      loop.yield();
      throw 1;
    }));
    REQUIRE(group.spawn("early", [] { throw 2; }));
    int caught = 0;
    try {
      static_cast<void>(group.join());
    } catch (int value) {
      caught = value;
    }
    CHECK(caught == 2);
  });
}

TEST_CASE("an exception that leaves a fiber without a group ends only that fiber") {
  test::on_each_loop([](EventLoop& loop) {
    loop.spawn("thrower", [] { throw 1; });
    loop.yield();
    loop.yield();
    CHECK_FALSE(std::current_exception());
  });
}

TEST_CASE("an exception without a join is dropped") {
  test::on_each_engine([] {
    TaskGroup group;
    REQUIRE(group.spawn("thrower", [] { throw 1; }));
  });
}

}  // namespace hotline::engine::exceptions_test

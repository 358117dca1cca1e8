#include "services/job_input.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::services::job_input_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;
using test::on_each_engine;

OutputDigest digest_of(std::string_view text) {
  OutputDigest digest;
  digest.add(as_bytes(text));
  return digest;
}

TEST_CASE("the command gets what was written, and then the end") {
  on_each_engine([] {
    JobInput input(CommandInput::stream);
    const auto writer = input.attach();
    CHECK(writer.before.value().size() == 0);
    REQUIRE(input.write(writer, as_bytes("ab"), digest_of("ab")));
    REQUIRE(input.write(writer, as_bytes("c"), digest_of("abc")));
    input.end(writer);
    CHECK(input.take().value() == "abc");
    CHECK(input.take().value() == "");
    CHECK(kind_of(input.write(writer, as_bytes("d"), digest_of("abcd"))) == "closed");
    CHECK_FALSE(input.attach().before);
  });
}

TEST_CASE(
    "a later writer goes on after what was taken, and an earlier one has no effect any more") {
  on_each_engine([] {
    JobInput input(CommandInput::stream);
    const auto first = input.attach();
    REQUIRE(input.write(first, as_bytes("ab"), digest_of("ab")));
    const auto second = input.attach();
    CHECK(second.before.value().size() == 2);
    CHECK(second.before.value().value() == digest_of("ab").value());
    CHECK(kind_of(input.write(first, as_bytes("x"), digest_of("abx"))) == "closed");
    input.end(first);
    REQUIRE(input.write(second, as_bytes("c"), digest_of("abc")));
    CHECK(input.take().value() == "abc");
  });
}

TEST_CASE("a writer waits while much is waiting, until it is taken") {
  on_each_engine([] {
    JobInput input(CommandInput::stream);
    const auto writer = input.attach();
    const std::string all(JobInput::kWaitingMax, 'x');
    REQUIRE(input.write(writer, as_bytes(all), digest_of(all)));
    std::string later;
    TaskGroup both;
    REQUIRE(both.spawn("writer", [&] {
      CHECK(input.write(writer, as_bytes("y"), digest_of(all + "y")));
      later = "written";
    }));
    REQUIRE(both.spawn("command", [&] {
      REQUIRE(sleep_for(1ms));
      CHECK(later == "");
      CHECK(input.take().value() == all);
      CHECK(input.take().value() == "y");
    }));
    REQUIRE(both.join());
    CHECK(later == "written");
  });
}

TEST_CASE("a writer that waits fails when another one attaches, and nothing of it is taken") {
  on_each_engine([] {
    JobInput input(CommandInput::stream);
    const auto first = input.attach();
    const std::string all(JobInput::kWaitingMax, 'x');
    REQUIRE(input.write(first, as_bytes(all), digest_of(all)));
    std::string failure;
    TaskGroup both;
    REQUIRE(both.spawn("first", [&] {
      failure = kind_of(input.write(first, as_bytes("y"), digest_of(all + "y")));
    }));
    REQUIRE(both.spawn("second", [&] {
      REQUIRE(sleep_for(1ms));
      CHECK(input.attach().before.value().size() == all.size());
    }));
    REQUIRE(both.join());
    CHECK(failure == "closed");
    CHECK(input.take().value() == all);
  });
}

TEST_CASE("a writer and a taker that wait fail when the command has ended") {
  on_each_engine([] {
    JobInput input(CommandInput::stream);
    const auto writer = input.attach();
    std::string taken;
    TaskGroup both;
    REQUIRE(both.spawn("command", [&] { taken = kind_of(input.take()); }));
    REQUIRE(both.spawn("end", [&] {
      REQUIRE(sleep_for(1ms));
      input.close();
    }));
    REQUIRE(both.join());
    CHECK(taken == "closed");
    CHECK(kind_of(input.write(writer, as_bytes("x"), digest_of("x"))) == "closed");
    CHECK_FALSE(input.attach().before);
  });
}

TEST_CASE("a job without input has none") {
  on_each_engine([] {
    JobInput input(CommandInput::none);
    const auto writer = input.attach();
    CHECK_FALSE(writer.before);
    CHECK(kind_of(input.write(writer, as_bytes("x"), digest_of("x"))) == "closed");
    CHECK(input.take().value() == "");
  });
}

}  // namespace
}  // namespace hotline::services::job_input_test

#include "engine/log_courier.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/loops.h"

namespace hotline::engine::log_courier_test {
namespace {

LogCourier courier() {
  auto opened = LogCourier::open();
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

TEST_CASE("a line arrives as it was sent, also from a forked process") {
  LogCourier carrying = courier();
  CHECK_FALSE(carrying.receive());
  const pid_t child = ::fork();
  if (child == 0) {
    carrying.send({LogLevel::error, "message", "service", "a text\twith \\0"});
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const auto line = carrying.receive();
  REQUIRE(line);
  CHECK(line->level == LogLevel::error);
  CHECK(line->message == "message");
  CHECK(line->service == "service");
  CHECK(line->text == "a text\twith \\0");
  CHECK_FALSE(carrying.receive());
}

TEST_CASE("empty fields arrive empty") {
  LogCourier carrying = courier();
  carrying.send({});
  const auto line = carrying.receive();
  REQUIRE(line);
  CHECK(line->level == LogLevel::info);
  CHECK(line->message.empty());
  CHECK(line->service.empty());
  CHECK(line->text.empty());
}

TEST_CASE("a line that is too long is cut") {
  LogCourier carrying = courier();
  carrying.send({LogLevel::info, "m", "s", std::string(100'000, 'x')});
  const auto line = carrying.receive();
  REQUIRE(line);
  CHECK(line->text == std::string(64 * 1024 - 5, 'x'));
}

TEST_CASE("lines that do not fit are counted once, in forked processes too") {
  LogCourier carrying = courier();
  constexpr int kSent = 100'000;
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < kSent; ++i) carrying.send({LogLevel::info, "m", "s", "text"});
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  std::uint64_t received = 0;
  while (carrying.receive()) ++received;
  CHECK(received > 0);
  CHECK(received + carrying.take_drops() == kSent);
  CHECK(carrying.take_drops() == 0);
}

TEST_CASE("without descriptors it cannot be opened") {
  const auto report = test::in_child_process([] {
    const rlimit none{0, 1024};
    ::setrlimit(RLIMIT_NOFILE, &none);
    test::must(test::kind_of(LogCourier::open()) == "resource_exhausted", "opened");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

}  // namespace hotline::engine::log_courier_test

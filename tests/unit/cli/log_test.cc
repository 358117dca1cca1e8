#include "cli/log.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/environment_variable.h"
#include "support/standard_streams.h"

namespace hotline::cli {
namespace {

LogRecord record_of(LogLevel level, std::string_view message) {
  LogRecord record;
  record.level = level;
  record.message = message;
  record.service = "upper";
  return record;
}

void write_all_levels(Log& log) {
  log.write(record_of(LogLevel::debug, "one"));
  log.write(record_of(LogLevel::info, "two"));
  log.write(record_of(LogLevel::warning, "three"));
  log.write(record_of(LogLevel::error, "four"));
}

constexpr std::string_view kTimeForm = "0000-00-00T00:00:00.000000Z";

bool begins_with_time(std::string_view text) {
  const auto fits = [](char form, char c) {
    return form == '0' ? c >= '0' && c <= '9' : c == form;
  };
  return text.size() >= kTimeForm.size() &&
         std::ranges::equal(kTimeForm, text.substr(0, kTimeForm.size()), fits);
}

std::string replace_times(std::string_view text) {
  std::string replaced;
  while (!text.empty()) {
    const bool is_time = begins_with_time(text);
    replaced += is_time ? "TIME" : text.substr(0, 1);
    text.remove_prefix(is_time ? kTimeForm.size() : 1);
  }
  return replaced;
}

/// What a log writes until it goes, the times replaced by `TIME`.
template <typename Run>
std::string logged(LogForm form, LogLevel least, Run run) {
  const std::string text = test::written_to(stderr, [&] {
    Log log(form, least);
    run(log);
  });
  return replace_times(text);
}

}  // namespace

TEST_CASE("a record is a line with its time and level") {
  CHECK(logged(LogForm::text, LogLevel::debug, write_all_levels) ==
        "TIME debug one service=upper\n"
        "TIME info two service=upper\n"
        "TIME warning three service=upper\n"
        "TIME error four service=upper\n");
}

TEST_CASE("in JSON a record is an object with its time and level") {
  CHECK(logged(LogForm::json, LogLevel::warning, write_all_levels) ==
        R"({"v":1,"time":"TIME","level":"warning","message":"three","service":"upper"})"
        "\n"
        R"({"v":1,"time":"TIME","level":"error","message":"four","service":"upper"})"
        "\n");
}

TEST_CASE("the time is UTC, wherever the machine stands") {
  const test::EnvironmentVariable zone("TZ", "EAST-9");
  ::tzset();
  const time_t before = ::time(nullptr);
  const std::string text = test::written_to(
      stderr, [] { Log(LogForm::text, LogLevel::info).write(record_of(LogLevel::info, "now")); });
  tm fields{};
  REQUIRE(::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields) != nullptr);
  const time_t logged_at = ::timegm(&fields);
  CHECK(logged_at >= before - 1);
  CHECK(logged_at <= ::time(nullptr) + 1);
}

TEST_CASE("records below the least level are not written, and not wanted") {
  CHECK(logged(LogForm::text, LogLevel::error, write_all_levels) ==
        "TIME error four service=upper\n");
  const Log log(LogForm::text, LogLevel::info);
  CHECK_FALSE(log.wants(LogLevel::debug));
  CHECK(log.wants(LogLevel::info));
  CHECK(log.wants(LogLevel::error));
}

TEST_CASE("a log without records writes nothing") {
  CHECK(logged(LogForm::text, LogLevel::debug, [](Log&) {}).empty());
}

TEST_CASE("text in a record is not taken for a pattern") {
  CHECK(logged(LogForm::text, LogLevel::info, [](Log& log) {
          log.write(record_of(LogLevel::info, "100%v {} %s"));
        }) == "TIME info 100%v {} %s service=upper\n");
}

TEST_CASE("in a forked process a record is written before write returns") {
  int status = -1;
  const std::string text = logged(LogForm::text, LogLevel::info, [&](Log& log) {
    log.write(record_of(LogLevel::info, "parent"));
    const pid_t child = ::fork();
    if (child == 0) {
      log.write(record_of(LogLevel::info, "child"));
      ::_exit(0);
    }
    ::waitpid(child, &status, 0);
  });
  CHECK(status == 0);
  CHECK(text.find("TIME info child service=upper\n") != std::string::npos);
  CHECK(std::ranges::count(text, '\n') == 2);
}

TEST_CASE("the records of one thread keep their order") {
  constexpr int kCount = 5000;
  const std::string text = logged(LogForm::text, LogLevel::info, [](Log& log) {
    for (int i = 0; i < kCount; ++i) log.write(record_of(LogLevel::info, std::to_string(i)));
  });
  std::string expected;
  for (int i = 0; i < kCount; ++i)
    expected += "TIME info " + std::to_string(i) + " service=upper\n";
  CHECK(text == expected);
}

}  // namespace hotline::cli

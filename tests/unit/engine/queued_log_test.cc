#include "hotline/engine/queued_log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>

#include "engine/running_threads.h"
#include "support/environment_variable.h"
#include "support/launched.h"
#include "support/standard_streams.h"

namespace hotline::queued_log_test {
namespace {

LogRecord record_of(LogLevel level, std::string_view message) {
  LogRecord record;
  record.level = level;
  record.message = message;
  record.service = "upper";
  return record;
}

void write_all_levels(QueuedLog& log) {
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

/// Returns what a log writes until it is destroyed, with the times replaced by `TIME`.
template <typename Run>
std::string logged(LogLevel least, Run run, QueuedLog::Format format = format_as_text) {
  const std::string text = test::written_to(stderr, [&] {
    QueuedLog log(least, format);
    run(log);
  });
  return replace_times(text);
}

/// Reads what is written to standard error while this exists.
class ErrorReader {
 public:
  ErrorReader() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reading_.reset(ends[0]);
    const UniqueFd writing(ends[1]);
    redirection_.emplace(STDERR_FILENO, writing.get());
  }

  /// Waits for a line.
  std::string line() const {
    std::string text;
    for (char byte = 0; ::read(reading_.get(), &byte, 1) == 1 && byte != '\n';) text += byte;
    return text;
  }

 private:
  UniqueFd reading_;
  std::optional<test::Redirection> redirection_;
};

/// Returns true if every other thread of this process waits, according to /proc. (The numbers of
/// threads do not show which is the newest, because they wrap around.)
bool do_other_threads_wait() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(::gettid())) continue;
    std::ifstream file(task.path() / "stat");
    std::string text;
    std::getline(file, text, '\0');
    if (!text.empty() && text.at(text.rfind(')') + 2) != 'S') return false;
  }
  return true;
}

/// fork(2), while no other thread holds the lock of a sanitizer's allocator, for which a child
/// would wait for ever.
pid_t fork_at_rest() {
  while (!do_other_threads_wait()) std::this_thread::yield();
  return ::fork();
}

}  // namespace

TEST_CASE("a record is a line with its time and level") {
  CHECK(logged(LogLevel::debug, write_all_levels) ==
        "TIME debug one service=upper\n"
        "TIME info two service=upper\n"
        "TIME warning three service=upper\n"
        "TIME error four service=upper\n");
}

TEST_CASE("a record is formatted by the given function") {
  CHECK(logged(LogLevel::error, write_all_levels,
               [](const LogEntry& entry) { return "-- " + entry.message; }) == "-- four\n");
}

TEST_CASE("the time is UTC, whatever the time zone of the machine") {
  const test::EnvironmentVariable zone("TZ", "EAST-9");
  ::tzset();
  const time_t before = ::time(nullptr);
  const std::string text = test::written_to(
      stderr, [] { QueuedLog(LogLevel::info).write(record_of(LogLevel::info, "now")); });
  tm fields{};
  REQUIRE(::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &fields) != nullptr);
  const time_t logged_at = ::timegm(&fields);
  CHECK(logged_at >= before - 1);
  CHECK(logged_at <= ::time(nullptr) + 1);
}

TEST_CASE("records below the least level are not written, and not wanted") {
  CHECK(logged(LogLevel::error, write_all_levels) == "TIME error four service=upper\n");
  const QueuedLog log(LogLevel::info);
  CHECK_FALSE(log.wants(LogLevel::debug));
  CHECK(log.wants(LogLevel::info));
  CHECK(log.wants(LogLevel::error));
}

TEST_CASE("a log without records writes nothing") {
  CHECK(logged(LogLevel::debug, [](QueuedLog&) {}).empty());
}

TEST_CASE("text in a record is not a format string") {
  CHECK(logged(LogLevel::info, [](QueuedLog& log) {
          log.write(record_of(LogLevel::info, "100%v {} %s"));
        }) == "TIME info 100%v {} %s service=upper\n");
}

TEST_CASE("a record of a forked process is written by this one") {
  int status = -1;
  const std::string text = logged(LogLevel::info, [&](QueuedLog& log) {
    log.write(record_of(LogLevel::info, "parent"));
    const pid_t child = fork_at_rest();
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
  const std::string text = logged(LogLevel::info, [](QueuedLog& log) {
    for (int i = 0; i < kCount; ++i) log.write(record_of(LogLevel::info, std::to_string(i)));
  });
  std::string expected;
  for (int i = 0; i < kCount; ++i)
    expected += "TIME info " + std::to_string(i) + " service=upper\n";
  CHECK(text == expected);
}

TEST_CASE(
    "a forked process never waits: records that do not fit are dropped, and the count is logged") {
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;
  constexpr int kCount = 20'000;
  const std::string text = logged(LogLevel::info, [&](QueuedLog& log) {
    const pid_t child = fork_at_rest();
    if (child == 0) {
      for (int i = 0; i < kCount; ++i) log.write(record_of(LogLevel::info, "child"));
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  });
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line == "TIME info child service=upper") ++written;
    const std::size_t count = line.find(" were dropped: they came faster");
    if (count != line.npos) dropped += std::stoull(line.substr(line.find('"') + 1));
  }
  CHECK(written > 0);
  CHECK(written + dropped == kCount);
}

TEST_CASE("warnings that come too often are counted, and reported at the end") {
  const std::string text = logged(LogLevel::info, [](QueuedLog& log) {
    for (int i = 0; i < 100; ++i) log.write(record_of(LogLevel::warning, "again"));
    for (int i = 0; i < 100; ++i) log.write(record_of(LogLevel::info, "all of these"));
  });
  CHECK(std::ranges::count(text, '\n') == 20 + 100 + 1);
  CHECK(text.ends_with("TIME warning again service=upper \"80 more like this in the last 10s\"\n"));
}

TEST_CASE("suppressed records are reported when their period ends, even without another record") {
  const ErrorReader reader;
  QueuedLog log(LogLevel::info, format_as_text, {1, std::chrono::milliseconds(50)});
  log.write(record_of(LogLevel::warning, "again"));
  log.write(record_of(LogLevel::warning, "again"));
  CHECK(replace_times(reader.line()) == "TIME warning again service=upper");
  CHECK(replace_times(reader.line()) ==
        "TIME warning again service=upper \"1 more like this in the last 50ms\"");
}

TEST_CASE("records that could not be written are counted, and reported later") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const std::string text = test::written_to(stderr, [&] {
    std::optional<QueuedLog> log;
    {
      const test::Redirection redirection(STDERR_FILENO, full.get());
      log.emplace(LogLevel::info);
      for (int i = 0; i < 3; ++i) log->write(record_of(LogLevel::info, "lost"));
      // The thread has read all of them when it waits for more.
      while (!do_other_threads_wait()) std::this_thread::yield();
    }
    log->write(record_of(LogLevel::info, "written"));
    log.reset();
  });
  CHECK(replace_times(text) ==
        "TIME warning log records were lost: standard error could not be written to "
        "\"3: No space left on device\"\n"
        "TIME info written service=upper\n");
}

TEST_CASE("without a thread records are written by their writers, and the log says why") {
  const auto report = test::in_child_process([] {
    std::array<int, 2> ends{};
    test::must(::pipe2(ends.data(), O_CLOEXEC) == 0 && ::dup2(ends[1], STDERR_FILENO) > 0, "pipe");
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{3, limit.rlim_max};  // poll(2) needs one.
    ::setrlimit(RLIMIT_NOFILE, &none);
    QueuedLog log(LogLevel::info);
    log.write(record_of(LogLevel::info, "here"));
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
    text = replace_times(text);
    test::must(text.starts_with("TIME warning the log has no thread of its own"), "no warning");
    test::must(text.ends_with("TIME info here service=upper\n"), "not written");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("without a thread no writer waits for standard error, and drops are reported") {
  const auto report = test::in_child_process([] {
    std::array<int, 2> ends{};
    test::must(::pipe2(ends.data(), O_CLOEXEC) == 0 && ::dup2(ends[1], STDERR_FILENO) > 0, "pipe");
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{3, limit.rlim_max};  // poll(2) needs one.
    ::setrlimit(RLIMIT_NOFILE, &none);
    QueuedLog log(LogLevel::info);
    constexpr int kCount = 5000;  // More than the pipe holds.
    for (int i = 0; i < kCount; ++i) log.write(record_of(LogLevel::info, "here"));
    std::string text(1 << 20, '\0');
    text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
    const auto lines = std::ranges::count(text, '\n') - 1;
    log.write(record_of(LogLevel::info, "later"));
    std::string rest(4096, '\0');
    rest.resize(static_cast<std::size_t>(::read(ends[0], rest.data(), rest.size())));
    const std::string dropped = "\"" + std::to_string(kCount - lines) + "\"\n";
    test::must(lines < kCount && rest.find(dropped) != rest.npos, rest);
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("a log that begins later has no thread until then, and keeps its records") {
  const auto report = test::in_child_process([] {
    const std::string text = test::written_to(stderr, [] {
      QueuedLog log(LogLevel::info, format_as_text, {}, QueuedLog::Start::at_begin);
      log.write(record_of(LogLevel::info, "early"));
      test::must(!engine::has_other_threads(), "it has a thread");
      log.begin();
      log.begin();
      log.write(record_of(LogLevel::info, "late"));
    });
    test::must(
        replace_times(text) == "TIME info early service=upper\nTIME info late service=upper\n",
        text);
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("the end of a log begins it") {
  for (const bool is_finished : {false, true}) {
    const std::string text = test::written_to(stderr, [&] {
      QueuedLog log(LogLevel::info, format_as_text, {}, QueuedLog::Start::at_begin);
      log.write(record_of(LogLevel::info, "early"));
      if (is_finished) CHECK(log.finish(std::chrono::seconds(30)));
    });
    CHECK(replace_times(text) == "TIME info early service=upper\n");
  }
}

TEST_CASE("a log that can have no thread writes what it has kept when it begins") {
  const auto report = test::in_child_process([] {
    std::array<int, 2> ends{};
    test::must(::pipe2(ends.data(), O_CLOEXEC) == 0 && ::dup2(ends[1], STDERR_FILENO) > 0, "pipe");
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{3, limit.rlim_max};  // poll(2) needs one.
    ::setrlimit(RLIMIT_NOFILE, &none);
    QueuedLog log(LogLevel::info, format_as_text, {}, QueuedLog::Start::at_begin);
    log.write(record_of(LogLevel::info, "here"));
    log.begin();
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
    test::must(replace_times(text).ends_with("TIME info here service=upper\n"), text);
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

}  // namespace hotline::queued_log_test

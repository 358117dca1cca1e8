#include "hotline/core/standard_error_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/core/unique_fd.h"

namespace hotline::standard_error_log_test {
namespace {

/// While it exists, standard error is a pipe that this reads.
class CapturedError {
 public:
  CapturedError() : saved_(::dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    reader_.reset(ends[0]);
    REQUIRE(::dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    ::close(ends[1]);
    REQUIRE(::fcntl(reader_.get(), F_SETFL, O_NONBLOCK) == 0);
  }
  CapturedError(const CapturedError&) = delete;
  CapturedError& operator=(const CapturedError&) = delete;
  ~CapturedError() { ::dup2(saved_.get(), STDERR_FILENO); }

  /// Returns what was written since the last call.
  std::string take() {
    std::string text;
    std::array<char, 4096> piece;
    for (ssize_t size = 0; (size = ::read(reader_.get(), piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

  void close_reader() { reader_.reset(); }

 private:
  UniqueFd saved_;
  UniqueFd reader_;
};

LogRecord failure(std::string detail) {
  return {LogLevel::error, "the handler failed", "upper", {}, "tcp://127.0.0.1:4711", detail};
}

}  // namespace

TEST_CASE("a record is one line with its level and its fields") {
  CapturedError captured;
  StandardErrorLog log;
  log.write(failure("as asked"));
  CHECK(captured.take() ==
        "error: the handler failed service=upper peer=tcp://127.0.0.1:4711 \"as asked\"\n");
}

TEST_CASE("unprintable text is escaped, so that a record is always one line") {
  CapturedError captured;
  StandardErrorLog log;
  log.write(failure("a\nb\x1b[2J\xff"));
  const std::string text = captured.take();
  CHECK(text.ends_with("\"a\\nb\\x1b[2J\\xff\"\n"));
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("records below the least level are not wanted and not written") {
  CapturedError captured;
  StandardErrorLog warnings;
  StandardErrorLog errors(LogLevel::error);
  CHECK(warnings.wants(LogLevel::warning));
  CHECK_FALSE(warnings.wants(LogLevel::info));
  CHECK_FALSE(errors.wants(LogLevel::warning));
  warnings.write({LogLevel::info, "quiet", {}, {}, {}, {}});
  errors.write({LogLevel::warning, "quiet", {}, {}, {}, {}});
  CHECK(captured.take().empty());
}

TEST_CASE("a line is cut at 4 KiB, and is still a line") {
  CapturedError captured;
  StandardErrorLog log;
  log.write({LogLevel::error, std::string_view("m"), std::string(9000, 's'), {}, {}, {}});
  const std::string text = captured.take();
  CHECK(text.size() <= 4096);
  CHECK(text.size() > 4000);
  CHECK(text.find('\n') == text.size() - 1);
}

TEST_CASE("a standard error that is not read delays no thread; dropped lines are counted") {
  CapturedError captured;
  StandardErrorLog log;
  constexpr int kRecords = 2000;  // More than a pipe holds.
  for (int i = 0; i < kRecords; ++i) log.write(failure(std::string(200, 'x')));
  std::string text = captured.take();
  const auto written = std::count(text.begin(), text.end(), '\n');
  CHECK(written > 0);
  CHECK(written < kRecords);
  log.write(failure("late"));
  text = captured.take();
  CHECK(text.find("\"late\"\n") != text.npos);
  CHECK(text.find("warning: " + std::to_string(kRecords - written) + " log lines were dropped") !=
        text.npos);
  log.write(failure("later"));
  CHECK(captured.take().find("dropped") == std::string::npos);
}

TEST_CASE("two writers at once never wait for a full pipe") {
  CapturedError captured;
  StandardErrorLog log;
  const auto flood = [&] {
    for (int i = 0; i < 5000; ++i) log.write(failure(std::string(300, 'x')));
  };
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) writers.emplace_back(flood);
  for (std::thread& each : writers) each.join();
  CHECK(captured.take().size() <= 1024 * 1024);
}

TEST_CASE("a closed standard error is not a failure") {
  CapturedError captured;
  ::close(STDERR_FILENO);
  StandardErrorLog log;
  log.write(failure("unseen"));
  CHECK(::fcntl(STDERR_FILENO, F_GETFD) == -1);
}

}  // namespace hotline::standard_error_log_test

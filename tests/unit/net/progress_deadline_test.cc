#include "net/progress_deadline.h"

#include <doctest/doctest.h>

namespace hotline::net::progress_deadline_test {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(60);
constexpr std::size_t kChunkBytes = ProgressDeadline::kChunkBytes;

Instant at(int second) { return Instant(std::chrono::seconds(second)); }

}  // namespace

TEST_CASE("without a chunk there is no deadline") {
  ProgressDeadline progress;
  CHECK(progress.until().is_never());
  CHECK(!progress.has_passed(Instant::max()));
  progress.note(100, true);
  CHECK(progress.until().is_never());
}

TEST_CASE("a chunk has its time from its begin, however slowly bytes arrive") {
  ProgressDeadline progress;
  CHECK(progress.start(at(10), kTimeout) == Deadline::at(at(70)));
  for (int second = 11; second < 70; ++second) {
    progress.note(1, false);
    CHECK(progress.start(at(second), kTimeout) == Deadline::at(at(70)));
    CHECK(!progress.has_passed(at(second)));
  }
  CHECK(progress.has_passed(at(70)));
}

TEST_CASE("each 256 KiB start that time again") {
  ProgressDeadline progress;
  progress.start(at(0), kTimeout);
  progress.note(kChunkBytes - 1, false);
  CHECK(progress.start(at(50), kTimeout) == Deadline::at(at(60)));
  progress.note(1, false);
  CHECK(progress.until().is_never());
  CHECK(progress.start(at(51), kTimeout) == Deadline::at(at(111)));
}

TEST_CASE("a chunk after a complete one has a time of its own") {
  ProgressDeadline progress;
  progress.start(at(0), kTimeout);
  progress.note(1, true);
  CHECK(!progress.has_passed(at(1000)));
  CHECK(progress.start(at(40), kTimeout) == Deadline::at(at(100)));
}

TEST_CASE("a pause gives the chunk in progress more time, and no other") {
  const Instant now{};
  ProgressDeadline deadline;
  deadline.postpone(std::chrono::seconds(5));
  CHECK(deadline.until().is_never());
  deadline.start(now, std::chrono::seconds(1));
  deadline.note(1, false);
  deadline.postpone(std::chrono::seconds(5));
  CHECK(!deadline.has_passed(now + std::chrono::seconds(5)));
  CHECK(deadline.has_passed(now + std::chrono::seconds(6)));
  deadline.start(now, std::chrono::seconds(1));
  deadline.note(1, true);
  CHECK(deadline.start(now, Duration::max()).is_never());
  deadline.postpone(std::chrono::seconds(5));
  CHECK(deadline.until().is_never());
}

}  // namespace hotline::net::progress_deadline_test

#include "hotline/core/log_entry.h"

#include <doctest/doctest.h>

#include "hotline/core/bytes.h"

namespace hotline::log_entry_test {
namespace {

LogEntry entry_of(const LogRecord& record) { return LogEntry::of(record, {}); }

std::string text_with_detail(std::string detail) {
  LogRecord record;
  record.message = "said";
  record.detail = std::move(detail);
  return entry_of(record).as_text();
}

}  // namespace

TEST_CASE("an entry outlives the text of its record") {
  std::string message = "call ended";
  LogRecord record;
  record.level = LogLevel::warning;
  record.message = message;
  const std::chrono::system_clock::time_point time(std::chrono::seconds(5));
  const LogEntry entry = LogEntry::of(record, time);
  message.assign("overwritten");
  CHECK(entry.message == "call ended");
  CHECK(entry.level == LogLevel::warning);
  CHECK(entry.time == time);
}

TEST_CASE("all fields of a record are shown") {
  const LogEntry entry = entry_of({.level = LogLevel::info,
                                   .message = "call ended",
                                   .service = "upper",
                                   .endpoint = "tcp://127.0.0.1:8000",
                                   .peer = "tcp://127.0.0.1:4711",
                                   .detail = "closed"});
  CHECK(entry.as_text() ==
        "call ended service=upper endpoint=tcp://127.0.0.1:8000 peer=tcp://127.0.0.1:4711 "
        "\"closed\"");
}

TEST_CASE("an identity is one field, whatever is in it") {
  LogRecord record;
  record.message = "said";
  record.identity = "key:alice";
  CHECK(entry_of(record).as_text() == "said identity=key:alice");
  record.identity = "certificate:CN=a peer=tcp://127.0.0.1:1";
  record.detail = "closed";
  CHECK(entry_of(record).as_text() ==
        R"(said identity="certificate:CN=a peer=tcp://127.0.0.1:1" "closed")");
  record.identity = "a\nb";
  CHECK(entry_of(record).as_text() == R"(said identity=a\nb "closed")");
}

TEST_CASE("the time is in UTC, to the microsecond") {
  using namespace std::chrono;
  const auto shown = [](sys_time<nanoseconds> time) {
    return LogEntry::of({}, time_point_cast<system_clock::duration>(time)).time_as_text();
  };
  CHECK(shown(sys_days()) == "1970-01-01T00:00:00.000000Z");
  CHECK(shown(sys_days(2026y / 11 / 22) + 20h + 44min + 16s + 123456789ns) ==
        "2026-11-22T20:44:16.123456Z");
  CHECK(shown(sys_days(2024y / 2 / 29) + 24h - 1ns) == "2024-02-29T23:59:59.999999Z");
  CHECK(shown(sys_days(2100y / 2 / 28) + 24h) == "2100-03-01T00:00:00.000000Z");
  CHECK(shown(sys_days(1999y / 12 / 31) + 7us) == "1999-12-31T00:00:00.000007Z");
}

TEST_CASE("empty fields are left out") {
  LogRecord record;
  record.message = "draining";
  CHECK(entry_of(record).as_text() == "draining");
  record.peer = "unix:@p";
  CHECK(entry_of(record).as_text() == "draining peer=unix:@p");
}

TEST_CASE("printable text is not escaped again") {
  CHECK(text_with_detail(R"(a\x1b \"~)") == R"(said "a\x1b \"~")");
}

TEST_CASE("unprintable text is escaped, in every field") {
  for (const std::string bytes : {"\n", "\x1b[2J", "\x7f", "\x1f", "\x80", "\xff"}) {
    LogRecord record;
    record.service = record.endpoint = record.peer = record.detail = bytes;
    const std::string shown = escape(as_bytes(bytes));
    CHECK(entry_of(record).as_text() ==
          " service=" + shown + " endpoint=" + shown + " peer=" + shown + " \"" + shown + "\"");
  }
}

TEST_CASE("escaped text is cut at 4096 bytes") {
  const std::string longest = "\n" + std::string(4095, 'x');
  CHECK(text_with_detail(longest) == "said \"\\n" + std::string(4095, 'x') + "\"");
  CHECK(text_with_detail(longest + "x") ==
        "said \"\\n" + std::string(4095, 'x') + "...(4097 bytes)\"");
}

TEST_CASE("a line begins with the time and the level") {
  LogRecord record;
  record.level = LogLevel::error;
  record.message = "said";
  record.peer = "unix:@p";
  CHECK(format_as_text(entry_of(record)) == "1970-01-01T00:00:00.000000Z error said peer=unix:@p");
}

}  // namespace hotline::log_entry_test

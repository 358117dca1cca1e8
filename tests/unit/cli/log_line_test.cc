#include "cli/log_line.h"

#include <doctest/doctest.h>

namespace hotline::cli::log_line_test {
namespace {

LogEntry entry_of(const LogRecord& record) { return LogEntry::of(record, {}); }

}  // namespace

TEST_CASE("in JSON a record is an object with its time, its level and all its fields") {
  LogRecord record;
  record.level = LogLevel::warning;
  record.message = "call ended";
  record.service = "upper";
  record.endpoint = "tcp://127.0.0.1:8000";
  record.peer = "tcp://127.0.0.1:4711";
  record.detail = "closed";
  record.identity = "key:alice";
  CHECK(format_as_json(entry_of(record)) ==
        R"({"v":1,"time":"1970-01-01T00:00:00.000000Z","level":"warning","message":"call ended",)"
        R"("service":"upper","endpoint":"tcp://127.0.0.1:8000","peer":"tcp://127.0.0.1:4711",)"
        R"("identity":"key:alice","detail":"closed"})");
}

TEST_CASE("in JSON empty fields are left out") {
  LogRecord record;
  record.message = "draining";
  CHECK(format_as_json(entry_of(record)) ==
        R"({"v":1,"time":"1970-01-01T00:00:00.000000Z","level":"info","message":"draining"})");
}

TEST_CASE("each form of the log has its format") {
  CHECK((format_of(LogForm::json) == &format_as_json));
  CHECK((format_of(LogForm::text) == &format_as_text));
}

}  // namespace hotline::cli::log_line_test

#include "hotline/core/log.h"

#include <doctest/doctest.h>

namespace hotline::log_test {

TEST_CASE("every log level has its name") {
  CHECK(name_of(LogLevel::debug) == "debug");
  CHECK(name_of(LogLevel::info) == "info");
  CHECK(name_of(LogLevel::warning) == "warning");
  CHECK(name_of(LogLevel::error) == "error");
}

TEST_CASE("log levels are ordered by severity") {
  CHECK(LogLevel::debug < LogLevel::info);
  CHECK(LogLevel::info < LogLevel::warning);
  CHECK(LogLevel::warning < LogLevel::error);
}

TEST_CASE("a record is one line of its fields; empty ones are left out") {
  CHECK(format({LogLevel::info, "call ended", "upper", "tcp://:8000", "unix:", "closed"}) ==
        "call ended service=upper endpoint=tcp://:8000 peer=unix: \"closed\"");
  CHECK(format({LogLevel::info, "ready", {}, {}, {}, {}}) == "ready");
}

TEST_CASE("unprintable fields of a record are escaped, and escaped text is not changed") {
  CHECK(format({LogLevel::info, "m", "a\nb", {}, {}, "\x1b[2J"}) == "m service=a\\nb \"\\x1b[2J\"");
  CHECK(format({LogLevel::info, "m", {}, {}, {}, "a\\nb"}) == "m \"a\\nb\"");
}

}  // namespace hotline::log_test

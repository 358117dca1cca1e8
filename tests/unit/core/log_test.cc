#include "hotline/core/log.h"

#include <doctest/doctest.h>

namespace hotline {

TEST_CASE("every log level has its name") {
  CHECK(name_of(LogLevel::debug) == "debug");
  CHECK(name_of(LogLevel::info) == "info");
  CHECK(name_of(LogLevel::warning) == "warning");
  CHECK(name_of(LogLevel::error) == "error");
}

TEST_CASE("log levels are ordered by weight") {
  CHECK(LogLevel::debug < LogLevel::info);
  CHECK(LogLevel::info < LogLevel::warning);
  CHECK(LogLevel::warning < LogLevel::error);
}

TEST_CASE("a record is one line of its fields; those that are empty are left out") {
  CHECK(format({LogLevel::info, "call ended", "upper", "tcp://:8000", "unix:", "closed"}) ==
        "call ended service=upper endpoint=tcp://:8000 peer=unix: \"closed\"");
  CHECK(format({LogLevel::info, "ready", {}, {}, {}, {}}) == "ready");
}

TEST_CASE("a record of unprintable fields is escaped, and what is escaped already stays") {
  CHECK(format({LogLevel::info, "m", "a\nb", {}, {}, "\x1b[2J"}) ==
        "m service=a\\nb \"\\x1b[2J\"");
  CHECK(format({LogLevel::info, "m", {}, {}, {}, "a\\nb"}) == "m \"a\\nb\"");
}

}  // namespace hotline

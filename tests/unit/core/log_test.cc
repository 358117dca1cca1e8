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

}  // namespace hotline

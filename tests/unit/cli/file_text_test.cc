#include "cli/file_text.h"

#include <chrono>

#include <doctest/doctest.h>

namespace hotline::cli::file_text_test {

TEST_CASE("a size has at most three digits and the unit that fits") {
  const std::pair<std::uint64_t, const char*> sizes[] = {
      {0, "0 B"},
      {1'023, "1023 B"},
      {1'024, "1.0 KiB"},
      {1'536, "1.5 KiB"},
      {10'239, "9.9 KiB"},
      {10'240, "10 KiB"},
      {1'048'575, "1023 KiB"},
      {1'048'576, "1.0 MiB"},
      {~std::uint64_t{0}, "15 EiB"},
  };
  for (const auto& [bytes, text] : sizes) CHECK(size_text(bytes) == text);
}

TEST_CASE("thousands are separated") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1'000) == "1,000");
  CHECK(count_text(12'345'678) == "12,345,678");
}

TEST_CASE("a time is shown in UTC, also one before 1970") {
  using namespace std::chrono;
  CHECK(file_time_text(FileTime(seconds(0))) == "1970-01-01 00:00:00");
  CHECK(file_time_text(FileTime(nanoseconds(-1))) == "1969-12-31 23:59:59");
  CHECK(file_time_text(FileTime(seconds(1'795'816'800))) == "2026-11-27 22:00:00");
  CHECK(file_time_json(FileTime(seconds(1'795'816'800))) == "2026-11-27T22:00:00Z");
}

TEST_CASE("a file as JSON has its size, a directory has none") {
  const std::string file = json_of_file("a", {.size = 5}).text();
  CHECK(file.find("\"size\":5") != std::string::npos);
  const std::string directory = json_of_file("d", {.kind = FileKind::directory}).text();
  CHECK(directory.find("size") == std::string::npos);
  CHECK(directory.find("\"kind\":\"directory\"") != std::string::npos);
}

}  // namespace hotline::cli::file_text_test

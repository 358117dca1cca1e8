#include "services/file_limits.h"

#include <doctest/doctest.h>

namespace hotline::services::file_limits_test {
namespace {

TEST_CASE("a number of bytes has a unit or none") {
  CHECK(parse_file_bytes("0") == 0U);
  CHECK(parse_file_bytes("1024") == 1'024U);
  CHECK(parse_file_bytes("2KiB") == 2'048U);
  CHECK(parse_file_bytes("none") == kNoQuota);
  CHECK(parse_file_bytes("16777215TiB") == std::uint64_t{16'777'215} << 40);
  CHECK_FALSE(parse_file_bytes("16777216TiB"));
  CHECK_FALSE(parse_file_bytes("18446744073709551615"));
  CHECK_FALSE(parse_file_bytes("KiB"));
  CHECK_FALSE(parse_file_bytes("1kib"));
  CHECK_FALSE(parse_file_bytes("+1"));
  CHECK(format_file_bytes(0) == "0");
  CHECK(format_file_bytes(1'536) == "1536");
  CHECK(format_file_bytes(2'048) == "2KiB");
  CHECK(format_file_bytes(std::uint64_t{10} << 30) == "10GiB");
  CHECK(format_file_bytes(kNoQuota) == "none");
}

TEST_CASE("a limit that is absent has no number") {
  CHECK(number_of_limit(5) == 5U);
  CHECK_FALSE(number_of_limit(kNoQuota));
}

TEST_CASE("limits are changed all or none") {
  FileUsage limits{1, 2};
  CHECK(change_file_limits(limits, "1KiB", std::nullopt));
  CHECK(limits == FileUsage{1'024, 2});
  CHECK_FALSE(change_file_limits(limits, "2KiB", "many"));
  CHECK_FALSE(change_file_limits(limits, "much", "1"));
  CHECK(limits == FileUsage{1'024, 2});
  CHECK(change_file_limits(limits, "none", "none"));
  CHECK(format_file_limits(limits).empty());
  CHECK(format_file_entries(limits.entries) == "none");
}

}  // namespace
}  // namespace hotline::services::file_limits_test

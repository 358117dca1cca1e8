#include "hotline/services/file_error.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::file_error_test {
namespace {

constexpr unsigned kCodes = static_cast<unsigned>(FileErrorCode::unsupported);

Error error_of(const FileError& error) { return error.to_error("store", "tls://h:1"); }

}  // namespace

TEST_CASE("each code has a name, a meaning and an advice") {
  std::set<std::string_view> names;
  std::set<std::string> meanings;
  for (unsigned i = 1; i <= kCodes; ++i) {
    const auto code = static_cast<FileErrorCode>(i);
    REQUIRE(name_of(code));
    names.insert(*name_of(code));
    const Error error = error_of({.code = code});
    meanings.insert(error.detail);
    CHECK_FALSE(error.hint().empty());
    CHECK(error.message() == "cannot store tls://h:1: " + error.detail);
  }
  CHECK(names.size() == kCodes);
  CHECK(meanings.size() == kCodes);
  CHECK(name_of(FileErrorCode::quota_bytes) == "quota_bytes");
}

TEST_CASE("the numbers of codes are those of the wire") {
  CHECK(static_cast<unsigned>(FileErrorCode::not_found) == 1);
  CHECK(static_cast<unsigned>(FileErrorCode::quota_bytes) == 9);
  CHECK(static_cast<unsigned>(FileErrorCode::unsupported) == 22);
}

TEST_CASE("a code that this end does not have has no name, and is an error all the same") {
  for (const unsigned number : {0U, kCodes + 1, 65'535U}) {
    const auto code = static_cast<FileErrorCode>(number);
    CHECK_FALSE(name_of(code));
    const Error error = error_of({.code = code, .text = "new"});
    CHECK(error.kind == ErrorKind::system);
    CHECK(error.detail ==
          "the server reports the unknown error " + std::to_string(number) + ": new");
    CHECK(error.hint() == "update this program");
    CHECK(error_of({.code = code, .is_retryable = true}).hint() == "try again later");
  }
}

TEST_CASE("an error about a limit says by how much") {
  CHECK(error_of({.code = FileErrorCode::quota_bytes, .detail = 12}).detail ==
        "the quota has too few bytes left (12 bytes are lacking)");
  CHECK(error_of({.code = FileErrorCode::quota_entries, .detail = 3}).detail ==
        "the quota has too few entries left (3 entries are lacking)");
  CHECK(error_of({.code = FileErrorCode::too_large, .detail = 4'096}).detail ==
        "it is over a limit of the server (the limit is 4096)");
}

TEST_CASE("T32: the text of a server is escaped") {
  const Error error = error_of({.code = FileErrorCode::exists, .text = "a\x1b[2J\n\xc2\x9b"});
  CHECK(error.detail == "the name is in use: a\\x1b[2J\\n\\xc2\\x9b");
}

}  // namespace hotline::file_error_test

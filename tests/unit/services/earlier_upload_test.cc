#include "services/earlier_upload.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "support/file_homes.h"

namespace hotline::services::earlier_upload_test {
namespace {

using test::code_of;
using test::file_path;
using test::TestHome;

PutFile put_file(std::string_view path, std::uint64_t size, unsigned key = 1) {
  return {.path = file_path(path), .size = size, .key = test::sample_bytes(key)};
}

TEST_CASE("a PUT that was published is done at once with the same version, also after a restart") {
  TestHome home;
  const PutFile request = put_file("a", 5);
  const auto first = test::put_content(*home.home, request, "12345");
  REQUIRE(first);
  for (int i = 0; i < 2; ++i) {
    const auto again = home->put(request);
    REQUIRE(again);
    CHECK(std::get<FileVersion>(*again) == *first);
    home.restart();
  }
  CHECK(home->used() == FileUsage{5, 1});
}

TEST_CASE("a key that was published belongs to one path and size") {
  TestHome home;
  REQUIRE(test::put_content(*home.home, put_file("a", 5), "12345"));
  CHECK(code_of(home->put(put_file("b", 5))) == FileErrorCode::key_reused);
  CHECK(code_of(home->put(put_file("a", 6))) == FileErrorCode::key_reused);
}

TEST_CASE("a PUT whose file has changed or gone since is an upload of its own") {
  TestHome home;
  const PutFile request = put_file("a", 5);
  REQUIRE(test::put_content(*home.home, request, "12345"));
  REQUIRE(test::store_content(*home.home, "a", "other"));
  CHECK(code_of(home->put(request)) == FileErrorCode::exists);
  std::filesystem::remove(home.path("a"));
  CHECK(test::put_content(*home.home, request, "54321"));
  CHECK(test::read_test_file(home.path("a")) == "54321");
}

TEST_CASE("without a key nothing is known again") {
  TestHome home;
  PutFile request = put_file("a", 5);
  request.key = {};
  REQUIRE(test::put_content(*home.home, request, "12345"));
  CHECK(code_of(home->put(request)) == FileErrorCode::exists);
  CHECK(test::count_names(home.staging()) == 0);
}

}  // namespace
}  // namespace hotline::services::earlier_upload_test

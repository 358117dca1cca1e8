#include "services/small_files.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <new>
#include <string>
#include <vector>

#include "services/file_version.h"
#include "support/file_homes.h"
#include "support/memory_shortage.h"

namespace hotline::services::small_files_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;
using test::TestHome;

PutSmallFile small_file(std::string_view path, std::string_view content) {
  return {.path = file_path(path),
          .parents = MissingParents::make,
          .root = root_of(as_bytes(content)),
          .content = std::string(content)};
}

TEST_CASE("small files are stored together, and each has an outcome of its own") {
  TestHome home({.bytes = 6, .entries = kNoQuota});
  home.options.durability = FileDurability::full;
  home.restart();
  const PutSmallFile requests[] = {small_file("a/1", "11"),  small_file("a/1", "again"),
                                   small_file("b\n", ""),    small_file("a/2", "22"),
                                   small_file("a/3", "333"), small_file("empty", "")};
  const auto outcomes = home->store_all(requests);
  REQUIRE(outcomes.size() == 6);
  CHECK(outcomes[0]);
  CHECK(code_of(outcomes[2]) == FileErrorCode::bad_name);
  CHECK(outcomes[3]);
  CHECK(code_of(outcomes[4]) == FileErrorCode::quota_bytes);
  CHECK(outcomes[5]);
  // Both were admitted before the first of them was published.
  CHECK_FALSE(outcomes[1]);
  CHECK(test::read_test_file(home.path("a/1")) == "11");
  CHECK(home->used() == FileUsage{4, 4});
  CHECK(home->quota().bytes_reserved == 0);
  CHECK(test::count_names(home.staging()) == 0);
  CHECK(*outcomes[3] == home->stat({.path = file_path("a/2")})->meta.version);
}

TEST_CASE("without memory for one file the others are stored, and the quota is right") {
  std::size_t refused = 0;
  test::with_each_allocation_failing([&](std::size_t spared) {
    TestHome home;
    const PutSmallFile requests[] = {small_file("1", "11"), small_file("2", "22")};
    bool has_struck = true;
    std::vector<FileOutcome<FileVersion>> outcomes;
    try {
      const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
      outcomes = home->store_all(requests);
      has_struck = shortage.has_struck();
    } catch (const std::bad_alloc&) {
      // The caller learns that too, and repeats the request.
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      CAPTURE(i);
      if (outcomes[i]) {
        CHECK(fs::exists(home.path(std::to_string(i + 1))));
      } else {
        CHECK(outcomes[i].error().code == FileErrorCode::busy);
        ++refused;
      }
    }
    CHECK(home->quota().bytes_reserved == 0);
    return has_struck;
  });
  CHECK(refused > 0);
}

TEST_CASE("a small file has the time and mode of its request, whatever the umask is (T37)") {
  TestHome home;
  PutSmallFile request = small_file("a", "1");
  request.modified = FileTime(std::chrono::nanoseconds(1'234'567'891));
  request.is_executable = true;
  REQUIRE(home->store(request));
  const auto reply = home->stat({.path = file_path("a")});
  CHECK(reply->meta.modified == request.modified);
  CHECK(std::filesystem::status(home.path("a")).permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("a small file with a key is stored once, also if the server was killed in between") {
  TestHome home;
  PutSmallFile request = small_file("a", "1");
  request.key = test::sample_bytes(1);
  const auto first = home->store(request);
  REQUIRE(first);
  CHECK(home->store(request) == *first);
  home.restart();
  CHECK(home->store(request) == *first);
  CHECK(home->used() == FileUsage{1, 1});
  request.key = {};
  CHECK(code_of(home->store(request)) == FileErrorCode::exists);
}

TEST_CASE("a key of a small file belongs to one path and size") {
  TestHome home;
  PutSmallFile request = small_file("a", "1");
  request.key = test::sample_bytes(1);
  REQUIRE(home->store(request));
  PutSmallFile other = small_file("b", "1");
  other.key = request.key;
  CHECK(code_of(home->store(other)) == FileErrorCode::key_reused);
  other = small_file("a", "12");
  other.key = request.key;
  CHECK(code_of(home->store(other)) == FileErrorCode::key_reused);
}

TEST_CASE("a small file that has changed since is not taken for the one that was stored") {
  TestHome home;
  PutSmallFile request = small_file("a", "1");
  request.key = test::sample_bytes(1);
  REQUIRE(home->store(request));
  REQUIRE(test::store_content(*home.home, "a", "2"));
  CHECK(code_of(home->store(request)) == FileErrorCode::exists);
  request.replacement.on_exist = OnExist::replace;
  CHECK(home->store(request));
  CHECK(test::read_test_file(home.path("a")) == "1");
}

}  // namespace
}  // namespace hotline::services::small_files_test

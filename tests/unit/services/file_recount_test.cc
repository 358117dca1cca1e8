#include "services/file_recount.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "support/file_homes.h"

namespace hotline::services::file_recount_test {
namespace {

using test::file_path;
using test::TestHome;

TEST_CASE("a recount finds what was changed beside the service") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "a/b", "123"));
  test::write_test_file(home.path("a/c/d"), "12345");
  std::filesystem::create_symlink("x", home.path("l"));
  CHECK(home->used() == FileUsage{3, 2});
  CHECK(home->recount() == FileUsage{8, 5});
  CHECK(home->used() == FileUsage{8, 5});
}

TEST_CASE("a recount counts what is deeper than any path of the service, and longer") {
  TestHome home;
  test::make_deep_directory(home.path("d"), "e", 100);
  test::make_deep_directory(home.path("l"), std::string(255, 'n'), 40);
  CHECK(home->recount() == FileUsage{0, 142});
  CHECK(home->remove({.path = file_path("l"), .depth = FileDepth::tree}));
  CHECK(home->used() == FileUsage{0, 101});
}

TEST_CASE("a recount of a home that changes at the same time counts as the changes do") {
  TestHome home;
  for (int i = 0; i < 30; ++i) {
    REQUIRE(test::store_content(*home.home, std::to_string(i) + "/f", "123"));
  }
  std::thread changing([&] {
    for (int i = 0; i < 100; ++i) {
      const std::string name = std::to_string(i % 30);
      CHECK(test::store_content(*home.home, name + "/g/" + std::to_string(i), "12"));
      CHECK(test::store_content(*home.home, "new/" + name, "1234"));
      if (i % 10 == 9) {
        CHECK(home->remove({.path = file_path(name), .depth = FileDepth::tree}));
      }
    }
  });
  for (int i = 0; i < 20; ++i) CHECK(home->recount());
  changing.join();
  const FileUsage counted = home->used();
  CHECK(home->recount() == counted);
}

TEST_CASE("a recount during which directories are moved ends right or not at all") {
  TestHome home;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(test::store_content(*home.home, "a/" + std::to_string(i) + "/f", "123"));
  }
  REQUIRE(test::store_content(*home.home, "b/f", "1"));
  const FileUsage used = home->used();
  std::thread moving([&] {
    for (int i = 0; i < 20; ++i) {
      const std::string name = std::to_string(i);
      CHECK(home->move({.path = file_path("a/" + name), .target = file_path("b/" + name)}));
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto counted = home->recount();
    CHECK((counted ? *counted == used : counted.error().code == FileErrorCode::busy));
  }
  moving.join();
  CHECK(home->recount() == used);
}

}  // namespace
}  // namespace hotline::services::file_recount_test

#include "services/file_removal.h"

#include <sys/resource.h>

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "services/file_version.h"
#include "support/file_homes.h"
#include "support/sockets.h"

namespace hotline::services::file_removal_test {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::file_path;
using test::TestHome;

TEST_CASE("a file, a link and an empty directory are removed, and given back") {
  TestHome home;
  fs::create_directory(home.path("d"));
  fs::create_symlink("d", home.path("l"));
  test::write_test_file(home.path("f"), "123");
  home.restart();
  CHECK(home->used() == FileUsage{3, 3});
  for (const char* name : {"d", "l", "f"}) CHECK(home->remove({.path = file_path(name)}));
  CHECK(home->used() == FileUsage());
  CHECK(test::count_names(home.path()) == 0);
  CHECK(code_of(home->remove({.path = file_path("f")})) == FileErrorCode::not_found);
}

TEST_CASE("a directory with names is removed only with what it contains") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "d/e/f", "12"));
  CHECK(code_of(home->remove({.path = file_path("d")})) == FileErrorCode::not_empty);
  CHECK(home->remove({.path = file_path("d"), .depth = FileDepth::tree}));
  CHECK(home->used() == FileUsage());
  CHECK_FALSE(fs::exists(home.path("d")));
}

TEST_CASE("a large tree is removed in parts, and links in it are not followed (T10)") {
  TestHome home;
  fs::create_directory(home.directory.file("outside"));
  test::write_test_file(home.directory.file("outside/x"), "");
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 120; ++j) {
      test::write_test_file(home.path("d/" + std::to_string(i) + "/e/" + std::to_string(j)), "1");
    }
  }
  fs::create_directory_symlink(home.directory.file("outside"), home.path("d/0/l"));
  home.restart();
  CHECK(home->remove({.path = file_path("d"), .depth = FileDepth::tree}));
  CHECK(test::count_names(home.path()) == 0);
  CHECK(home->used() == FileUsage());
  CHECK(fs::exists(home.directory.file("outside/x")));
}

TEST_CASE("a tree of any depth is removed with few descriptors") {
  TestHome home;
  test::make_deep_directory(home.path("d"), "e", 120);
  // Its path is longer than the kernel takes.
  test::make_deep_directory(home.path("d/long"), std::string(250, 'n'), 20);
  for (int i = 0; i < 270; ++i) {
    test::write_test_file(home.path("d/wide/" + std::to_string(i) + "/f"), "1");
  }
  home.restart();
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit few{.rlim_cur = test::open_descriptors() + 8, .rlim_max = limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  const auto removed = home->remove({.path = file_path("d"), .depth = FileDepth::tree});
  CHECK(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(removed);
  CHECK(test::count_names(home.path()) == 0);
  CHECK(home->used() == FileUsage());
}

TEST_CASE("two removals of one tree at the same time remove it, and count each name once") {
  TestHome home;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 20; ++j) {
      test::write_test_file(home.path("d/" + std::to_string(i) + "/" + std::to_string(j)), "1");
    }
  }
  test::write_test_file(home.path("kept"), "12");
  home.restart();
  const RemoveFile request{.path = file_path("d"), .depth = FileDepth::tree};
  std::optional<FileErrorCode> codes[2];
  {
    std::jthread other([&] { codes[1] = code_of(home->remove(request)); });
    codes[0] = code_of(home->remove(request));
  }
  for (const auto code : codes)
    CHECK(code.value_or(FileErrorCode::not_found) == FileErrorCode::not_found);
  CHECK(test::count_names(home.path()) == 1);
  CHECK(home->used() == FileUsage{2, 1});
}

TEST_CASE("a file of another version than the expected one is not removed (T25)") {
  TestHome home;
  const auto version = test::store_content(*home.home, "f", "1");
  REQUIRE(test::store_content(*home.home, "f", "2"));
  CHECK(code_of(home->remove({.path = file_path("f"), .version = *version})) ==
        FileErrorCode::changed);
  CHECK(fs::exists(home.path("f")));
}

TEST_CASE("a name that no client may create is removed") {
  TestHome home;
  test::write_test_file(home.path("\xff\n"), "");
  CHECK(home->remove({.path = file_path("\xff\n")}));
}

TEST_CASE("a file that is removed while it is read is read to its end") {
  TestHome home;
  REQUIRE(test::store_content(*home.home, "f", "content"));
  auto opened = home->open(file_path("f"), {});
  REQUIRE(opened);
  CHECK(home->remove({.path = file_path("f")}));
  std::string text(7, '?');
  CHECK(opened->read(0, as_writable_bytes(text)) == 7U);
  CHECK(text == "content");
}

}  // namespace
}  // namespace hotline::services::file_removal_test

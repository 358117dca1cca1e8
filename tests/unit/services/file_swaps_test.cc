#include <doctest/doctest.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <variant>

#include "support/file_homes.h"

// Names that change their meaning while requests use them. SWAPS in the environment sets how often.

namespace hotline::services::file_swaps_test {
namespace {

namespace fs = std::filesystem;
using test::file_path;
using test::TestHome;

constexpr const char* kCanary = "of another home";

int swaps_max() {
  const char* given = std::getenv("SWAPS");
  return given == nullptr ? 5'000 : std::atoi(given);
}

/// Exchanges two names again and again, on a thread of its own, until its destruction.
class Swapping {
 public:
  Swapping(const std::string& one, const std::string& other)
      : thread_([this, one, other](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            ::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(),
                      RENAME_EXCHANGE);
            ++count_;
          }
        }) {}

  bool goes_on() const { return count_ < swaps_max(); }

 private:
  std::atomic<int> count_ = 0;
  std::jthread thread_;
};

/// Asks for everything that a name in `d` can be used for. `home` must see no canary.
void use_names(TestHome& home, int number) {
  auto opened = home->open(file_path("d/f"), {});
  if (opened) {
    std::string text(64, '\0');
    text.resize(opened->file().read_at(0, as_writable_bytes(text)).value());
    CHECK(text != kCanary);
  }
  const std::string made = "d/g" + std::to_string(number % 3);
  static_cast<void>(test::store_content(*home.home, made, "1"));
  static_cast<void>(test::put_content(
      *home.home, {.path = file_path("d/p"), .size = 1, .replacement = {OnExist::replace, {}}},
      "2"));
  auto lister = home->list({.path = file_path("d"), .depth = FileDepth::tree});
  while (lister) {
    const auto page = lister->next();
    if (!page) break;
    for (const FileEntry& entry : page->entries) CHECK(entry.path.leaf() != "canary");
    if (page->is_last) break;
  }
  static_cast<void>(home->make_directory({.path = file_path("d/h")}));
  static_cast<void>(home->copy({.path = file_path("d/canary"), .target = file_path("c")}));
  static_cast<void>(home->move({.path = file_path("d/canary"), .target = file_path("m")}));
  static_cast<void>(home->move({.path = file_path("d/p"), .target = file_path("d/q")}));
  static_cast<void>(home->remove({.path = file_path(made)}));
  static_cast<void>(home->remove({.path = file_path("d/h"), .depth = FileDepth::tree}));
  static_cast<void>(home->set_meta({.path = file_path("d/canary"), .is_executable = true}));
}

/// Makes a directory beside the home, to which no path of the home may lead.
std::string make_outside(const TestHome& home, const std::string& name) {
  const std::string outside = home.directory.file(name);
  test::write_test_file(outside + "/canary", kCanary);
  test::write_test_file(outside + "/f", kCanary);
  return outside;
}

void check_untouched(const std::string& outside) {
  CHECK(test::count_names(outside) == 2);
  CHECK(test::read_test_file(outside + "/canary") == kCanary);
  CHECK(test::read_test_file(outside + "/f") == kCanary);
  CHECK(fs::status(outside + "/canary").permissions() == fs::status(outside + "/f").permissions());
}

TEST_CASE("T11: a link that is swapped in for a directory or a file leads nowhere") {
  for (const char* swapped : {"d", "d/f"}) {
    TestHome home;
    const std::string outside = make_outside(home, "outside");
    test::write_test_file(home.path("d/f"), "own");
    const bool is_file = std::string(swapped) == "d/f";
    fs::create_symlink(is_file ? outside + "/f" : outside, home.path("l"));
    {
      const Swapping swapping(home.path(swapped), home.path("l"));
      for (int i = 0; swapping.goes_on(); ++i) use_names(home, i);
    }
    check_untouched(outside);
    CHECK_FALSE(fs::exists(home.path("c")));
    CHECK_FALSE(fs::exists(home.path("m")));
  }
}

TEST_CASE("T11: a tree is copied, and its copy removed, without what a link in it leads to") {
  TestHome home;
  const std::string outside = make_outside(home, "outside");
  const std::string one = home.path("t/d");
  const std::string other = home.path("l");
  fs::create_directories(one);
  fs::create_directory_symlink(outside, other);
  {
    const Swapping swapping(one, other);
    while (swapping.goes_on()) {
      static_cast<void>(
          home->copy({.path = file_path("t"), .target = file_path("u"), .depth = FileDepth::tree}));
      CHECK_FALSE(fs::exists(home.path("u/d/canary")));
      static_cast<void>(home->remove({.path = file_path("u"), .depth = FileDepth::tree}));
    }
  }
  check_untouched(outside);
}

TEST_CASE("T13: a directory that is moved to another home while it is in use leads nowhere") {
  TestHome home;
  // Another home, with a directory that changes places with one of this home.
  const std::string other = make_outside(home, "other");
  fs::create_directories(home.path("d/h"));
  fs::create_directories(home.directory.file("moved"));
  {
    const Swapping swapping(home.path("d"), home.directory.file("moved"));
    for (int i = 0; swapping.goes_on(); ++i) {
      use_names(home, i);
      for (const char* each : {"d/../../other/f", "d/h/../../../other/f", "../other/f"}) {
        CHECK_FALSE(FilePath::parse(each));
      }
    }
  }
  check_untouched(other);
}

TEST_CASE(
    "T13: a list, a removal and an upload that have begun stay in a directory that is moved") {
  TestHome home;
  const std::string other = make_outside(home, "other");
  for (const char* each : {"a", "b"})
    test::write_test_file(home.path("d/" + std::string(each)), "1");
  auto lister = home->list({.path = file_path("d"), .depth = FileDepth::tree, .entries_max = 1});
  REQUIRE(lister);
  CHECK(lister->next()->entries.size() == 1);
  auto begun = home->put({.path = file_path("d/new"), .size = 1});
  REQUIRE(begun);
  fs::rename(home.path("d"), other + "/d");
  CHECK(lister->next()->entries.size() == 1);
  CHECK(lister->next()->is_last);
  auto& upload = std::get<UploadHold>(*begun);
  REQUIRE(test::send_content(upload, "x"));
  CHECK(test::code_of(upload.publish(1)) == FileErrorCode::not_found);
  upload.leave();
  CHECK(test::count_names(other + "/d") == 2);
  CHECK(test::code_of(home->remove({.path = file_path("d"), .depth = FileDepth::tree})) ==
        FileErrorCode::not_found);
}

}  // namespace
}  // namespace hotline::services::file_swaps_test

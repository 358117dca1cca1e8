#include "engine/private_directory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::engine::private_directory_test {
namespace {

constexpr std::chrono::milliseconds kPatience(10'000);
constexpr uid_t kSomeUser = 65534;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  return status.st_mode & 07777;
}

void write_file(const std::string& path, std::string_view text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

std::string content_of(const PrivateDirectory& directory, const std::string& name) {
  const auto content = directory.read(name, 100);
  return content ? std::string(as_text(content->bytes())) : content.error().message();
}

/// Returns how many files a directory has.
std::size_t count_files(const std::string& path) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(path)) ++count;
  return count;
}

struct Fixture {
  test::TemporaryDirectory folder{};
  std::string path = folder.file("keys");
  PrivateDirectory directory = *PrivateDirectory::make(path);
};

}  // namespace

TEST_CASE("a directory is made with those above it, for its owner only") {
  const test::TemporaryDirectory folder;
  CHECK(PrivateDirectory::make(folder.file("a/b/c")));
  for (const char* each : {"a", "a/b", "a/b/c"}) CHECK(mode_of(folder.file(each)) == 0700);
  CHECK(PrivateDirectory::make(folder.file("a/b/c")));
  CHECK(PrivateDirectory::open(folder.file("a/b/c")));
}

TEST_CASE("a directory that is not there is not found, and is not made by opening it") {
  const test::TemporaryDirectory folder;
  const auto opened = PrivateDirectory::open(folder.file("none"));
  CHECK(test::kind_of(opened) == "not_found");
  CHECK(opened.error().endpoint == folder.file("none"));
  CHECK(count_files(folder.path()) == 0);
}

TEST_CASE("a file instead of a directory is refused") {
  const test::TemporaryDirectory folder;
  write_file(folder.file("keys"), "");
  for (const auto& opened :
       {PrivateDirectory::open(folder.file("keys")), PrivateDirectory::make(folder.file("keys"))}) {
    CHECK(test::kind_of(opened) == "invalid_argument");
    CHECK(opened.error().message().find(folder.file("keys") + ": it") != std::string::npos);
    CHECK(opened.error().message().ends_with("is not a directory"));
  }
}

TEST_CASE("a directory that others have access to is refused, with the command that mends it") {
  const Fixture at;
  for (const mode_t mode : {0701U, 0710U, 0720U, 0740U, 0755U, 0777U}) {
    CAPTURE(mode);
    REQUIRE(::chmod(at.path.c_str(), mode) == 0);
    const auto opened = PrivateDirectory::open(at.path);
    CHECK(test::kind_of(opened) == "permission_denied");
    CHECK(opened.error().hint() == "chmod 700 " + at.path);
  }
  REQUIRE(::chmod(at.path.c_str(), 0700) == 0);
  CHECK(PrivateDirectory::open(at.path));
}

TEST_CASE("what was written is read, with mode 0600 whatever the umask is") {
  const Fixture at;
  for (const mode_t mask : {0U, 022U, 0777U}) {
    const mode_t before = ::umask(mask);
    const auto replaced = at.directory.replace("a", as_bytes("text"));
    ::umask(before);
    CHECK(replaced);
    CHECK(content_of(at.directory, "a") == "text");
    CHECK(mode_of(at.path + "/a") == 0600);
  }
  CHECK(at.directory.replace("a", {}));
  CHECK(content_of(at.directory, "a") == "");
  CHECK(count_files(at.path) == 1);
}

TEST_CASE("a file that is not there is not found") {
  const Fixture at;
  const auto content = at.directory.read("a", 100);
  CHECK(test::kind_of(content) == "not_found");
  CHECK(content.error().endpoint == at.path + "/a");
}

TEST_CASE("a file that others have access to is refused, with the command that mends it") {
  const Fixture at;
  for (const mode_t mode : {0601U, 0604U, 0610U, 0620U, 0640U, 0644U, 0666U}) {
    CAPTURE(mode);
    write_file(at.path + "/a", "text", mode);
    const auto content = at.directory.read("a", 100);
    CHECK(test::kind_of(content) == "permission_denied");
    CHECK(content.error().hint() == "chmod 600 " + at.path + "/a");
  }
  write_file(at.path + "/a", "text", 0640);
  CHECK(content_of(at.directory, "a") ==
        "cannot read " + at.path + "/a: other users have access to it: its mode is 640");
  write_file(at.path + "/a", "text", 0400);
  CHECK(content_of(at.directory, "a") == "text");
}

TEST_CASE("a file or directory of another user is refused") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can give a file away");
    return;
  }
  const Fixture at;
  write_file(at.path + "/a", "text");
  REQUIRE(::chown((at.path + "/a").c_str(), kSomeUser, kSomeUser) == 0);
  CHECK(content_of(at.directory, "a") ==
        "cannot read " + at.path + "/a: it belongs to user 65534, and this program runs as user 0");
  REQUIRE(::chown(at.path.c_str(), kSomeUser, kSomeUser) == 0);
  CHECK(test::kind_of(PrivateDirectory::open(at.path)) == "permission_denied");
}

TEST_CASE("what is not a plain file is refused, without waiting for a FIFO") {
  const Fixture at;
  REQUIRE(::mkdir((at.path + "/directory").c_str(), 0700) == 0);
  REQUIRE(::mkfifo((at.path + "/fifo").c_str(), 0600) == 0);
  write_file(at.path + "/file", "text");
  REQUIRE(::symlink("file", (at.path + "/link").c_str()) == 0);
  REQUIRE(::symlink("none", (at.path + "/dangling").c_str()) == 0);
  for (const char* each : {"directory", "fifo", "link", "dangling"}) {
    CAPTURE(each);
    const auto content = at.directory.read(each, 100);
    CHECK(test::kind_of(content) == "permission_denied");
    CHECK_FALSE(content.error().hint().empty());
  }
}

TEST_CASE("a file that is too large is refused by its size") {
  const Fixture at;
  REQUIRE(at.directory.replace("a", as_bytes(std::string(100, 'x'))));
  CHECK(at.directory.read("a", 100));
  const auto content = at.directory.read("a", 99);
  CHECK(test::kind_of(content) == "too_large");
  CHECK(content.error().detail == "it has 100 bytes, at most 99 are read");
}

TEST_CASE("what a killed program has left does no harm") {
  const Fixture at;
  write_file(at.path + "/.a.new", "half", 0400);
  CHECK(at.directory.replace("a", as_bytes("whole")));
  CHECK(content_of(at.directory, "a") == "whole");
  CHECK(count_files(at.path) == 1);
}

TEST_CASE("a replacement that fails leaves the old content and nothing else") {
  const Fixture at;
  REQUIRE(at.directory.replace("a", as_bytes("old")));
  REQUIRE(::mkdir((at.path + "/.a.new").c_str(), 0700) == 0);
  CHECK_FALSE(at.directory.replace("a", as_bytes("new")));
  REQUIRE(::rmdir((at.path + "/.a.new").c_str()) == 0);
  REQUIRE(::mkdir((at.path + "/b").c_str(), 0700) == 0);
  CHECK_FALSE(at.directory.replace("b", as_bytes("new")));
  CHECK(content_of(at.directory, "a") == "old");
  CHECK(count_files(at.path) == 2);
}

TEST_CASE("a full disk leaves the old content and nothing else") {
  const Fixture at;
  REQUIRE(at.directory.replace("a", as_bytes("old")));
  const auto report = test::in_child_process([&] {
    struct rlimit limit {};
    limit.rlim_cur = limit.rlim_max = 1000;
    ::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("no limit");
    const auto replaced = at.directory.replace("a", as_bytes(std::string(5000, 'x')));
    if (replaced || replaced.error().native_code != EFBIG) throw std::runtime_error("it worked");
  });
  CHECK(report.exit_status == 0);
  CHECK(content_of(at.directory, "a") == "old");
  CHECK(count_files(at.path) == 1);
}

TEST_CASE("a directory is locked until its object is destroyed") {
  Fixture at;
  CHECK(at.directory.lock(std::chrono::milliseconds(0)));
  {
    auto other = PrivateDirectory::open(at.path);
    REQUIRE(other);
    const auto locked = other->lock(std::chrono::milliseconds(20));
    CHECK(test::kind_of(locked) == "timed_out");
    CHECK(locked.error().endpoint == at.path);
  }
  { const PrivateDirectory ended = std::move(at.directory); }
  auto other = PrivateDirectory::open(at.path);
  CHECK(other->lock(std::chrono::milliseconds(0)));
}

TEST_CASE("a thread that waits for the lock gets it, and no change is lost") {
  const Fixture at;
  REQUIRE(at.directory.replace("a", {}));
  const auto append = [&](char c) {
    for (int i = 0; i < 20; ++i) {
      auto directory = PrivateDirectory::open(at.path);
      if (!directory || !directory->lock(kPatience)) return;
      const std::string content = content_of(*directory, "a") + c;
      if (!directory->replace("a", as_bytes(content))) return;
    }
  };
  {
    const std::jthread one(append, 'x');
    const std::jthread other(append, 'y');
  }
  CHECK(content_of(at.directory, "a").size() == 40);
}

}  // namespace hotline::engine::private_directory_test

#include "hotline/engine/directory.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"
#include "support/mounted.h"
#include "support/no_descriptors.h"
#include "support/temporary_directory.h"

namespace hotline::directory_test {
namespace {

using Existing = Directory::Existing;

/// Returns the errno of a failure, or 0.
template <typename Value>
int code_of(const Result<Value>& result) {
  return result ? 0 : result.error().native_code;
}

/// A fresh directory on each engine.
void on_each_directory(
    const std::function<void(const test::TemporaryDirectory&, Directory&)>& body) {
  test::on_each_engine([&] {
    const test::TemporaryDirectory folder;
    auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    body(folder, *directory);
  });
}

void put(const Directory& directory, std::string_view name, std::string_view text) {
  auto file = directory.create(name, 0600);
  REQUIRE(file);
  REQUIRE(file->write_at(0, as_bytes(text)));
}

std::string text_of(Result<DiskFile> file) {
  REQUIRE(file);
  std::string text(100, '?');
  text.resize(file->read_at(0, as_writable_bytes(text)).value());
  return text;
}

}  // namespace

TEST_CASE("this system can confine paths") { CHECK(probe_confinement()); }

TEST_CASE("a file is made once, and found by its name") {
  on_each_directory([](const auto&, Directory& directory) {
    put(directory, "a", "hello");
    CHECK(text_of(directory.open_file("a")) == "hello");
    CHECK(code_of(directory.create("a", 0600)) == EEXIST);
    CHECK(code_of(directory.open_file("b")) == ENOENT);
    CHECK(test::kind_of(directory.open_file("b")) == "not_found");
    auto again = directory.open_for_writing("a");
    REQUIRE(again);
    REQUIRE(again->write_at(0, as_bytes("J")));
    CHECK(text_of(directory.open_file("a")) == "Jello");
    CHECK(code_of(directory.open_for_writing("b")) == ENOENT);
  });
}

TEST_CASE("a directory that is not there, or is a file, cannot be opened") {
  on_each_directory([](const auto& folder, Directory& directory) {
    put(directory, "file", "");
    CHECK(code_of(Directory::open(folder.file("absent"))) == ENOENT);
    const auto opened = Directory::open(folder.file("file"));
    REQUIRE(code_of(opened) == ENOTDIR);
    CHECK(opened.error().message() ==
          "cannot open " + folder.file("file") + ": something in its path is not a directory");
    CHECK(code_of(directory.open_beneath("file")) == ENOTDIR);
    CHECK(code_of(directory.open_file_beneath("file/x")) == ENOTDIR);
  });
}

TEST_CASE("what is not one name is refused before the system is asked") {
  on_each_directory([](const auto&, Directory& directory) {
    for (const std::string_view name :
         {std::string_view(), std::string_view("."), std::string_view(".."),
          std::string_view("a/b"), std::string_view("/"), std::string_view("a/"),
          std::string_view("a\0b", 3), std::string_view("\0", 1)}) {
      CAPTURE(name);
      CHECK(code_of(directory.create(name, 0600)) == EINVAL);
      CHECK(code_of(directory.open_file(name)) == EINVAL);
      CHECK(code_of(directory.open_for_writing(name)) == EINVAL);
      CHECK(code_of(directory.status(name)) == EINVAL);
      CHECK(code_of(directory.make_directory(name, 0700)) == EINVAL);
      CHECK(code_of(directory.remove_file(name)) == EINVAL);
      CHECK(code_of(directory.remove_directory(name)) == EINVAL);
      CHECK(code_of(directory.rename(name, directory, "x", Existing::fail)) == EINVAL);
      CHECK(code_of(directory.rename("x", directory, name, Existing::fail)) == EINVAL);
    }
    CHECK(code_of(directory.open_beneath(std::string_view("a\0b", 3))) == EINVAL);
    CHECK(code_of(directory.create(std::string(256, 'a'), 0600)) == ENAMETOOLONG);
    CHECK(directory.create(std::string(255, 'a'), 0600));
    CHECK(directory.create("...", 0600));
    CHECK(directory.create("a\nb", 0600));
  });
}

TEST_CASE("a path is opened below its directory") {
  on_each_directory([](const auto& folder, Directory& directory) {
    REQUIRE(directory.make_directory("a", 0700));
    auto a = directory.open_beneath("a");
    REQUIRE(a);
    REQUIRE(a->make_directory("b", 0700));
    auto b = directory.open_beneath("a/b");
    REQUIRE(b);
    put(*b, "file", "deep");
    CHECK(text_of(directory.open_file_beneath("a/b/file")) == "deep");
    CHECK(directory.open_beneath("")->status()->inode == directory.status()->inode);
    CHECK(code_of(directory.open_file_beneath("a/b")) == EISDIR);
    const auto absent = directory.open_file_beneath("a/c/file");
    REQUIRE(code_of(absent) == ENOENT);
    CHECK(absent.error().endpoint == folder.path() + "/a/c/file");
  });
}

TEST_CASE("no path leads out of its directory") {
  on_each_directory([](const auto& folder, Directory& directory) {
    REQUIRE(directory.make_directory("home", 0700));
    put(directory, "secret", "x");
    auto home = directory.open_beneath("home");
    REQUIRE(home);
    REQUIRE(home->make_directory("a", 0700));
    for (const std::string& path : {std::string("../secret"), std::string("a/../../secret"),
                                    folder.file("secret"), std::string("/etc/passwd")}) {
      CAPTURE(path);
      CHECK(code_of(home->open_file_beneath(path)) == EXDEV);
    }
    for (const std::string path : {"..", "/", "a/../..", "../home"}) {
      CAPTURE(path);
      CHECK(code_of(home->open_beneath(path)) == EXDEV);
    }
  });
}

TEST_CASE("a symbolic link is not followed, wherever it is in the path") {
  on_each_directory([](const auto& folder, Directory& directory) {
    REQUIRE(directory.make_directory("real", 0700));
    put(directory.open_beneath("real").value(), "file", "x");
    REQUIRE(::symlink("real", folder.file("to-directory").c_str()) == 0);
    REQUIRE(::symlink("real/file", folder.file("to-file").c_str()) == 0);
    REQUIRE(::symlink("absent", folder.file("dangling").c_str()) == 0);
    CHECK(code_of(directory.open_beneath("to-directory")) == ELOOP);
    CHECK(code_of(directory.open_file_beneath("to-directory/file")) == ELOOP);
    for (const std::string_view name : {"to-file", "to-directory", "dangling"}) {
      CAPTURE(name);
      CHECK(code_of(directory.open_file(name)) == ELOOP);
      CHECK(code_of(directory.open_for_writing(name)) == ELOOP);
      CHECK(code_of(directory.create(name, 0600)) == EEXIST);
      CHECK(code_of(directory.make_directory(name, 0700)) == EEXIST);
      CHECK(directory.status(name)->kind == EntryKind::link);
    }
    CHECK(code_of(directory.rename("real", directory, "dangling", Existing::fail)) == EEXIST);
    CHECK(directory.remove_file("to-directory"));
    CHECK(text_of(directory.open_file_beneath("real/file")) == "x");
  });
}

TEST_CASE("a magic link is not followed") {
  test::on_each_engine([] {
    auto proc = Directory::open("/proc/self");
    REQUIRE(proc);
    CHECK(code_of(proc->open_beneath("root")) == ELOOP);
    CHECK(code_of(proc->open_beneath("cwd")) == ELOOP);
    CHECK(code_of(proc->open_file_beneath("root/etc/passwd")) == ELOOP);
    CHECK(code_of(proc->open_file_beneath("fd/0")) == ELOOP);
  });
}

TEST_CASE("nothing is opened on another file system") {
  const auto seen = test::seen_on_small_disk([](const std::string& path) {
    auto above = Directory::open("/tmp").value();
    const std::string name = path.substr(path.rfind('/') + 1);
    Directory::open(path)->create("file", 0600).value();
    return std::to_string(code_of(above.open_beneath(name))) + " " +
           std::to_string(code_of(above.open_file_beneath(name + "/file"))) + " " +
           std::to_string(code_of(above.remove_directory(name)));
  });
  if (!seen) return;
  CHECK(*seen == std::to_string(EXDEV) + " " + std::to_string(EXDEV) + " " + std::to_string(EBUSY));
}

TEST_CASE("what is not a regular file is refused without waiting for it") {
  on_each_directory([](const auto& folder, Directory& directory) {
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    REQUIRE(directory.make_directory("folder", 0700));
    CHECK(code_of(directory.open_file("pipe")) == EINVAL);
    CHECK(code_of(directory.open_for_writing("pipe")) == EINVAL);
    CHECK(code_of(directory.open_file_beneath("pipe")) == EINVAL);
    CHECK(code_of(directory.open_file("folder")) == EISDIR);
    CHECK(code_of(directory.open_for_writing("folder")) == EISDIR);
    CHECK(code_of(directory.open_beneath("pipe")) == ENOTDIR);
    CHECK(directory.status("pipe")->kind == EntryKind::other);
    CHECK(directory.status("folder")->kind == EntryKind::directory);
    CHECK(directory.open_file("pipe").error().message() ==
          "cannot open " + folder.file("pipe") + ": it is not a name or a regular file");
  });
  test::on_each_engine([] {
    auto devices = Directory::open("/dev");
    REQUIRE(devices);
    CHECK(code_of(devices->open_file("null")) == EINVAL);
  });
}

TEST_CASE("directories are made and removed, but only while they are empty") {
  on_each_directory([](const auto&, Directory& directory) {
    REQUIRE(directory.make_directory("a", 0700));
    CHECK(directory.status("a")->mode == 0700);
    CHECK(code_of(directory.make_directory("a", 0700)) == EEXIST);
    auto a = directory.open_beneath("a");
    REQUIRE(a);
    put(*a, "file", "");
    CHECK(code_of(directory.remove_directory("a")) == ENOTEMPTY);
    CHECK(code_of(directory.remove_file("a")) == EISDIR);
    CHECK(code_of(a->remove_directory("file")) == ENOTDIR);
    CHECK(a->remove_file("file"));
    CHECK(code_of(a->remove_file("file")) == ENOENT);
    CHECK(directory.remove_directory("a"));
    CHECK(code_of(directory.status("a")) == ENOENT);
    CHECK(code_of(a->create("file", 0600)) == ENOENT);
  });
}

TEST_CASE("a rename replaces or fails, as asked, between directories too") {
  on_each_directory([](const auto& folder, Directory& directory) {
    REQUIRE(directory.make_directory("a", 0700));
    auto a = directory.open_beneath("a");
    REQUIRE(a);
    put(directory, "one", "1");
    put(*a, "two", "2");
    const auto refused = directory.rename("one", *a, "two", Existing::fail);
    REQUIRE(code_of(refused) == EEXIST);
    CHECK(refused.error().message() ==
          "cannot rename to " + folder.file("a") + "/two: it exists already");
    CHECK(text_of(a->open_file("two")) == "2");
    CHECK(directory.rename("one", *a, "two", Existing::replace));
    CHECK(text_of(a->open_file("two")) == "1");
    CHECK(code_of(directory.rename("one", *a, "three", Existing::fail)) == ENOENT);
    CHECK(a->rename("two", directory, "new", Existing::fail));
    CHECK(text_of(directory.open_file("new")) == "1");
    CHECK(code_of(directory.rename("new", directory, "a", Existing::replace)) == EISDIR);
    CHECK(code_of(directory.rename("a", directory, "new", Existing::replace)) == ENOTDIR);
    CHECK(code_of(directory.rename("a", *a, "inside", Existing::fail)) == EINVAL);
    CHECK(directory.sync());
  });
}

TEST_CASE("an open directory stays the same when its path is renamed") {
  on_each_directory([](const auto&, Directory& directory) {
    REQUIRE(directory.make_directory("a", 0700));
    auto a = directory.open_beneath("a");
    REQUIRE(a);
    REQUIRE(directory.rename("a", directory, "b", Existing::fail));
    put(*a, "file", "x");
    CHECK(text_of(directory.open_file_beneath("b/file")) == "x");
  });
}

TEST_CASE("one of two that opened a directory has its lock, until it gives it back") {
  on_each_directory([](const auto& folder, Directory& first) {
    auto second = Directory::open(folder.path());
    REQUIRE(second);
    CHECK(first.try_lock().value());
    CHECK(first.try_lock().value());
    CHECK_FALSE(second->try_lock().value());
    CHECK(first.duplicate()->try_lock().value());
    REQUIRE(first.unlock());
    CHECK(second->try_lock().value());
    *second = std::move(first);
    CHECK(Directory::open(folder.path())->try_lock().value());
  });
}

TEST_CASE("a wait for a lock ends with the lock or with the deadline") {
  on_each_directory([](const auto& folder, Directory& first) {
    auto second = Directory::open(folder.path());
    REQUIRE(second);
    REQUIRE(first.lock());
    {
      const DeadlineScope scope(deadline_after(std::chrono::milliseconds(3)));
      const auto locked = second->lock();
      REQUIRE(test::kind_of(locked) == "timed_out");
      CHECK(locked.error().message() == "cannot lock " + folder.path() + ": timed out");
    }
    REQUIRE(first.unlock());
    CHECK(second->lock());
  });
}

TEST_CASE("a limit on descriptors is an error, and nothing is left open") {
  test::on_each_engine([] {
    const test::TemporaryDirectory folder;
    auto directory = Directory::open(folder.path());
    REQUIRE(directory);
    put(*directory, "file", "x");
    std::optional<test::NoDescriptors> limit(std::in_place);
    const auto opened = directory->open_file("file");
    const auto made = directory->create("new", 0600);
    const auto beneath = directory->open_beneath("");
    const auto copied = directory->duplicate();
    const auto status = directory->status("file");
    limit.reset();
    CHECK(code_of(opened) == EMFILE);
    CHECK(opened.error().kind == ErrorKind::resource_exhausted);
    CHECK(code_of(made) == EMFILE);
    CHECK(code_of(beneath) == EMFILE);
    CHECK(code_of(copied) != 0);
    CHECK(status);
    CHECK(code_of(directory->status("new")) == ENOENT);
  });
}

TEST_CASE("the space of the file system is known") {
  on_each_directory([](const auto&, Directory& directory) {
    const auto space = directory.space();
    REQUIRE(space);
    CHECK(space->bytes > 0);
    CHECK(space->bytes_available <= space->bytes);
    CHECK(space->entries_available <= space->entries);
  });
}

}  // namespace hotline::directory_test

#include "engine/file_kernel.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::engine::file_kernel_test {
namespace {

constexpr OpenRequest kCreate{.purpose = OpenFor::creating, .mode = 0600};

/// The calls of the system, and an open directory.
struct System {
  FileKernel kernel;
  test::TemporaryDirectory folder;
  UniqueFd directory{kernel.open_directory(folder.path())};
};

}  // namespace

TEST_CASE("what is in memory is opened and read without patience") {
  System system;
  UniqueFd made(system.kernel.open_beneath(system.directory.get(), "a", kCreate));
  REQUIRE(made);
  REQUIRE(system.kernel.write_at(made.get(), 0, as_bytes("hello")) == 5);
  const int fd =
      system.kernel.open_beneath(system.directory.get(), "a", {.patience = Patience::none});
  // A kernel before Linux 5.12 cannot say it.
  CHECK((fd >= 0 || fd == -EAGAIN));
  std::string text(9, '?');
  const auto count = system.kernel.read_at(made.get(), 0, as_writable_bytes(text), Patience::none);
  CHECK((count == 5 || count == -EAGAIN));
  FileStatus status;
  const int known = system.kernel.status_of(system.directory.get(), "a", Patience::none, status);
  CHECK((known == -EAGAIN || (known == 0 && status.size == 5)));
  if (fd >= 0) CHECK(system.kernel.close(UniqueFd(fd)) == 0);
}

TEST_CASE("a file in a file system without a disk is read without patience") {
  struct statfs found {};
  const std::string shared = "/dev/shm";
  if (::statfs(shared.c_str(), &found) != 0 || found.f_type != TMPFS_MAGIC) return;
  System system;
  const UniqueFd directory(system.kernel.open_directory(shared));
  const std::string name = "hotline-test-" + std::to_string(::getpid());
  const UniqueFd made(system.kernel.open_beneath(directory.get(), name, kCreate));
  REQUIRE(made);
  CHECK(system.kernel.remove_file(directory.get(), name) == 0);
  REQUIRE(system.kernel.write_at(made.get(), 0, as_bytes("hello")) == 5);
  std::string text(9, '?');
  CHECK(system.kernel.read_at(made.get(), 0, as_writable_bytes(text), Patience::none) == 5);
  CHECK(text.substr(0, 5) == "hello");
}

TEST_CASE("making a file is never tried without patience") {
  System system;
  OpenRequest request = kCreate;
  request.patience = Patience::none;
  CHECK(system.kernel.open_beneath(system.directory.get(), "a", request) == -EAGAIN);
  FileStatus status;
  CHECK(system.kernel.status_of(system.directory.get(), "a", Patience::waits, status) == -ENOENT);
}

TEST_CASE("the umask takes nothing from an owner of directories, nor of what is private") {
  System system;
  const int directory = system.directory.get();
  const auto mode_of = [&](const char* name) {
    FileStatus status;
    REQUIRE(system.kernel.status_of(directory, name, Patience::waits, status) == 0);
    return status.mode;
  };
  const mode_t before = ::umask(0777);
  const UniqueFd file(system.kernel.open_beneath(directory, "a", kCreate));
  const int private_made = system.kernel.make_directory(directory, "d", 0700);
  const int made = system.kernel.make_directory(directory, "e", 0777);
  ::umask(027);
  const int shared = system.kernel.make_directory(directory, "f", 0777);
  ::umask(before);
  REQUIRE(file);
  CHECK(private_made == 0);
  CHECK(made == 0);
  CHECK(shared == 0);
  CHECK(mode_of("a") == 0600);
  CHECK(mode_of("d") == 0700);
  CHECK(mode_of("e") == 0700);
  CHECK(mode_of("f") == 0750);
}

TEST_CASE("a bad descriptor is an error of every call") {
  FileKernel kernel;
  FileStatus status;
  FileSpace space;
  std::vector<ListedName> names;
  std::string text(1, '?');
  for (const int failed :
       {kernel.open_beneath(-1, "a", {}),
        kernel.close(UniqueFd()),
        kernel.duplicate(-1),
        kernel.status(-1, status),
        kernel.status_of(-1, "a", Patience::waits, status),
        static_cast<int>(kernel.read_at(-1, 0, as_writable_bytes(text), Patience::none)),
        static_cast<int>(kernel.read_at(-1, 0, as_writable_bytes(text), Patience::waits)),
        static_cast<int>(kernel.write_at(-1, 0, as_bytes("x"))),
        kernel.allocate(-1, 0, 1),
        kernel.truncate(-1, 0),
        kernel.sync_data(-1),
        kernel.sync(-1),
        kernel.begin_sync(-1, 0, 1),
        kernel.set_modified(-1, {}),
        kernel.set_mode(-1, 0),
        static_cast<int>(kernel.find_data(-1, 0)),
        static_cast<int>(kernel.find_hole(-1, 0)),
        static_cast<int>(kernel.copy_range(-1, -1, 0, 1)),
        kernel.make_directory(-1, "a", 0700),
        kernel.remove_file(-1, "a"),
        kernel.remove_directory(-1, "a"),
        kernel.rename(-1, "a", -1, "b", Directory::Existing::fail),
        kernel.list(-1, names),
        kernel.seek(-1, 0),
        kernel.space(-1, space),
        kernel.try_lock(-1),
        kernel.unlock(-1)}) {
    CHECK(failed == -EBADF);
  }
}

TEST_CASE("paths can be confined here") {
  FileKernel kernel;
  CHECK(kernel.probe_confinement() == 0);
}

}  // namespace hotline::engine::file_kernel_test

#include "engine/path_wall.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::path_wall_test {
namespace {

using engine::PathWall;
using test::must;

bool has_landlock() {
  const auto wall = PathWall::make({});
  if (!wall) MESSAGE("skipped: ", wall.error().message());
  return wall.has_value();
}

/// Returns 0, or the errno of a call that failed.
int code_of(int returned) { return returned < 0 ? errno : 0; }

int open_code(const std::string& path, int flags = O_RDONLY) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  return code_of(fd.get());
}

int make(const std::string& path) { return open_code(path, O_WRONLY | O_CREAT | O_EXCL); }

void must_be(int code, int wanted, const std::string& what) {
  must(code == wanted, what + ": " + std::to_string(code));
}

void raise(const std::vector<UsablePath>& usable) {
  const auto wall = PathWall::make(usable);
  must(wall.has_value(), "no wall");
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  must(wall->raise().has_value(), "not raised");
}

/// A directory `in`, which is usable, and a directory `out`; both have a file `a`.
struct Places {
  Places() {
    for (const auto& each : {in(), out(), in() + "/d"}) REQUIRE(::mkdir(each.c_str(), 0700) == 0);
    REQUIRE(make(in() + "/a") == 0);
    REQUIRE(make(out() + "/a") == 0);
  }

  std::string in() const { return folder.file("in"); }
  std::string out() const { return folder.file("out"); }

  test::TemporaryDirectory folder{};
};

/// Runs `body` in a process of its own that may use `in` so.
void within(const Places& places, PathUse use, const std::function<void()>& body) {
  const auto report = test::in_child_process([&] {
    raise({{places.in(), use}});
    body();
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

/// Returns the result of openat2 by that ring: a negated errno, or a descriptor.
int open_by(io_uring& ring, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC;
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  io_uring_prep_openat2(entry, AT_FDCWD, path.c_str(), &how);
  // On a thread of the kernel, which has its own idea of what it may do.
  entry->flags |= IOSQE_ASYNC;
  must(io_uring_submit_and_wait(&ring, 1) == 1, "not submitted");
  io_uring_cqe* done = nullptr;
  must(io_uring_peek_cqe(&ring, &done) == 0, "not completed");
  const int result = done->res;
  io_uring_cqe_seen(&ring, done);
  return result;
}

}  // namespace

TEST_CASE("what is kept can be changed in every way, and nothing else can be used") {
  if (!has_landlock()) return;
  const Places places;
  within(places, PathUse::keep, [&] {
    const std::string in = places.in();
    must_be(make(in + "/b"), 0, "make");
    must_be(open_code(in + "/b", O_RDWR | O_TRUNC), 0, "write");
    must_be(code_of(::rename((in + "/b").c_str(), (in + "/d/b").c_str())), 0, "move");
    must_be(code_of(::mkdir((in + "/e").c_str(), 0700)), 0, "make a directory");
    must_be(open_code(in, O_RDONLY | O_DIRECTORY), 0, "list");
    must_be(code_of(::unlink((in + "/d/b").c_str())), 0, "remove");
    must_be(code_of(::rmdir((in + "/e").c_str())), 0, "remove a directory");
    const std::string out = places.out();
    must_be(open_code(out + "/a"), EACCES, "read outside");
    must_be(open_code(out, O_RDONLY | O_DIRECTORY), EACCES, "list outside");
    must_be(make(out + "/b"), EACCES, "make outside");
    must_be(code_of(::unlink((out + "/a").c_str())), EACCES, "remove outside");
    must_be(code_of(::mkdir((out + "/d").c_str(), 0700)), EACCES, "make a directory outside");
    must(::rename((in + "/a").c_str(), (out + "/b").c_str()) != 0, "move out");
    must_be(open_code("/etc/passwd"), EACCES, "read a file of the system");
  });
}

TEST_CASE("links, pipes, sockets and devices cannot be made where files are kept") {
  if (!has_landlock()) return;
  const Places places;
  within(places, PathUse::keep, [&] {
    const std::string name = places.in() + "/new";
    must_be(code_of(::symlink("/etc/passwd", name.c_str())), EACCES, "link");
    must_be(code_of(::mkfifo(name.c_str(), 0600)), EACCES, "pipe");
    must_be(code_of(::mknod(name.c_str(), S_IFSOCK | 0600, 0)), EACCES, "socket");
  });
}

TEST_CASE("a link that leads out opens nothing") {
  if (!has_landlock()) return;
  const Places places;
  REQUIRE(::symlink((places.out() + "/a").c_str(), (places.in() + "/link").c_str()) == 0);
  within(places, PathUse::keep,
         [&] { must_be(open_code(places.in() + "/link"), EACCES, "follow the link"); });
}

TEST_CASE("a directory that was open before leads nowhere new") {
  if (!has_landlock()) return;
  const Places places;
  const UniqueFd out(::open(places.out().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  within(places, PathUse::keep, [&] {
    const UniqueFd file(::openat(out.get(), "a", O_RDONLY | O_CLOEXEC));
    must_be(code_of(file.get()), EACCES, "open");
  });
}

TEST_CASE("what may be read cannot be changed") {
  if (!has_landlock()) return;
  const Places places;
  within(places, PathUse::read, [&] {
    must_be(open_code(places.in() + "/a"), 0, "read");
    must_be(open_code(places.in(), O_RDONLY | O_DIRECTORY), 0, "list");
    must_be(open_code(places.in() + "/a", O_WRONLY), EACCES, "write");
    must_be(make(places.in() + "/b"), EACCES, "make");
    must_be(code_of(::unlink((places.in() + "/a").c_str())), EACCES, "remove");
  });
}

TEST_CASE("where lines are appended, files can be made and written to, not read or removed") {
  if (!has_landlock()) return;
  const Places places;
  within(places, PathUse::append, [&] {
    must_be(open_code(places.in() + "/b", O_WRONLY | O_APPEND | O_CREAT), 0, "make");
    must_be(open_code(places.in() + "/a", O_WRONLY | O_APPEND), 0, "append");
    must_be(open_code(places.in() + "/a"), EACCES, "read");
    must_be(code_of(::unlink((places.in() + "/a").c_str())), EACCES, "remove");
  });
}

TEST_CASE("where something is to be removed, nothing else is possible") {
  if (!has_landlock()) return;
  const Places places;
  within(places, PathUse::remove, [&] {
    must_be(open_code(places.in() + "/a"), EACCES, "read");
    must_be(make(places.in() + "/b"), EACCES, "make");
    must_be(code_of(::unlink((places.in() + "/a").c_str())), 0, "remove");
    must_be(code_of(::rmdir((places.in() + "/d").c_str())), EACCES, "remove a directory");
  });
}

TEST_CASE("a file that is replaced by another stays usable, also where a link leads to it") {
  if (!has_landlock()) return;
  const Places places;
  const std::string link = places.folder.file("in/link");
  REQUIRE(::symlink((places.out() + "/a").c_str(), link.c_str()) == 0);
  REQUIRE(make(places.out() + "/b") == 0);
  const auto report = test::in_child_process([&] {
    raise({{link, PathUse::read}, {places.out() + "/a", PathUse::keep}});
    must(::rename((places.out() + "/b").c_str(), (places.out() + "/a").c_str()) != 0, "replaced");
    must_be(open_code(link), 0, "read what the link leads to");
    must_be(open_code(places.out() + "/b"), 0, "read another file there");
    must_be(open_code(places.in() + "/a"), 0, "read beside the link");
    must_be(open_code("/etc/passwd"), EACCES, "read elsewhere");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("what does not exist yet can be read when it does") {
  if (!has_landlock()) return;
  const Places places;
  const std::string later = places.in() + "/later";
  const auto report = test::in_child_process([&] {
    raise({{later, PathUse::read}, {"/no/such/directory/file", PathUse::read}});
    must_be(open_code(later), ENOENT, "read too early");
    must_be(open_code(places.in() + "/a"), 0, "read beside it");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("a device stays what it is") {
  if (!has_landlock()) return;
  const auto report = test::in_child_process([] {
    raise({{"/dev/null", PathUse::read}});
    must_be(open_code("/dev/null"), 0, "read");
    must_be(open_code("/dev/null", O_WRONLY), EACCES, "write");
    must_be(open_code("/dev/zero"), EACCES, "read another one");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("a device that is missing opens nothing, and what is none neither") {
  if (!has_landlock()) return;
  const Places places;
  const auto report = test::in_child_process([&] {
    raise({{"/dev/no such device", PathUse::device},
           {places.in(), PathUse::device},
           {"/dev/null", PathUse::device}});
    must_be(open_code("/dev/null"), 0, "read");
    must_be(open_code("/dev/null", O_WRONLY), EACCES, "write");
    must_be(open_code("/dev/zero"), EACCES, "read another one");
    must_be(open_code(places.in() + "/a"), EACCES, "read a file");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("what is to be kept must exist") {
  if (!has_landlock()) return;
  const std::array usable{UsablePath{"/no/such/root", PathUse::keep}};
  const auto wall = PathWall::make(usable);
  REQUIRE(!wall);
  CHECK(wall.error().native_code == ENOENT);
  CHECK(wall.error().message().find("/no/such/root") != std::string::npos);
}

TEST_CASE("a wall that was made and not raised confines nothing") {
  if (!has_landlock()) return;
  const auto wall = PathWall::make({});
  CHECK(wall->version() >= 2);
  CHECK(open_code("/etc/passwd") == 0);
}

TEST_CASE("threads that start later are confined, and those that run already are not") {
  if (!has_landlock()) return;
  const Places places;
  within(places, PathUse::keep, [&] {
    int code = 0;
    std::thread([&] { code = open_code("/etc/passwd"); }).join();
    must_be(code, EACCES, "a later thread");
  });
  const auto report = test::in_child_process([&] {
    int ends[2];
    must(::pipe(ends) == 0, "pipe");
    int code = -1;
    std::thread earlier([&] {
      char byte = 0;
      must(::read(ends[0], &byte, 1) == 1, "read");
      code = open_code("/etc/passwd");
    });
    raise({});
    must(::write(ends[1], "x", 1) == 1, "write");
    earlier.join();
    must_be(code, 0, "an earlier thread");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("a ring opens no more than its thread, whether it was made before or after") {
  if (!has_landlock()) return;
  if (const auto uring = probe_uring(); !uring.is_usable) {
    MESSAGE("skipped: ", uring.reason);
    return;
  }
  const Places places;
  const auto report = test::in_child_process([&] {
    const std::string inside = places.in() + "/a";
    const std::string outside = places.out() + "/a";
    io_uring before{};
    must(io_uring_queue_init(4, &before, 0) == 0, "no ring");
    must(open_by(before, outside) >= 0, "not open before");
    raise({{places.in(), PathUse::keep}});
    io_uring after{};
    must(io_uring_queue_init(4, &after, 0) == 0, "no second ring");
    for (io_uring* ring : {&before, &after}) {
      must(open_by(*ring, inside) >= 0, "not open inside");
      must_be(-open_by(*ring, outside), EACCES, "open outside by a ring");
    }
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("no connection leaves where Landlock knows networks") {
  if (!has_landlock()) return;
  if (PathWall::make({})->version() < 4) {
    MESSAGE("skipped: Landlock of this kernel does not know networks");
    return;
  }
  const auto report = test::in_child_process([] {
    raise({});
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* named = reinterpret_cast<const sockaddr*>(&address);
    must_be(code_of(::bind(fd.get(), named, sizeof address)), EACCES, "bind");
    address.sin_port = htons(9);
    must_be(code_of(::connect(fd.get(), named, sizeof address)), EACCES, "connect");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

}  // namespace hotline::path_wall_test

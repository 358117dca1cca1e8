#include "engine/open_file.h"

#include <fcntl.h>

#include <cerrno>

#include <doctest/doctest.h>

#include "engine/end_code.h"

namespace hotline::engine::open_file_test {

TEST_CASE("an open file is closed when it is destroyed") {
  int fd = -1;
  {
    const OpenFile file(::open("/", O_RDONLY | O_CLOEXEC), "/");
    fd = file.fd.get();
    REQUIRE(fd >= 0);
  }
  CHECK(::fcntl(fd, F_GETFD) == -1);
  const OpenFile none(-1, "/");
}

TEST_CASE("an error names the path, escaped, and says what is wrong with it") {
  const Error error = disk_error(-EXDEV, "open", "a\nb");
  CHECK(error.native_code == EXDEV);
  CHECK(error.message() ==
        "cannot open a\\nb: it leads out of the directory, or to another file system");
  CHECK(disk_error(-ENOSPC, "write", "a").message() ==
        "cannot write a: no space is left on the disk");
  CHECK(disk_error(-ENOSPC, "write", "a").kind == ErrorKind::resource_exhausted);
  CHECK(disk_error(-EDQUOT, "write", "a").kind == ErrorKind::resource_exhausted);
  CHECK(disk_error(-ENOENT, "open", "a").kind == ErrorKind::not_found);
  CHECK(disk_error(-EIO, "read", "a").message() == "cannot read a: Input/output error");
}

TEST_CASE("an end code becomes the error of a deadline or of a cancel") {
  CHECK(disk_error(-kDeadlineEnd, "read", "a").kind == ErrorKind::timed_out);
  CHECK(disk_error(-kCancelEnd, "read", "a").kind == ErrorKind::cancelled);
  CHECK(disk_error(-kCancelEnd, "read", "a").native_code == 0);
}

}  // namespace hotline::engine::open_file_test

#include "hotline/engine/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::private_file_test {
namespace {

constexpr std::size_t kMax = 16;

struct File {
  explicit File(std::string_view content, mode_t mode = 0600) {
    std::ofstream(path) << content;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
  }

  test::TemporaryDirectory directory;
  std::string path = directory.file("secret");
};

TEST_CASE("a file that only its owner may read gives its bytes") {
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    const File file(std::string_view("ab\0c\n", 5), mode);
    const auto secret = read_private_file(file.path, kMax);
    REQUIRE(secret);
    CHECK(as_text(secret->bytes()) == std::string_view("ab\0c\n", 5));
  }
}

TEST_CASE("a file may be empty, and may have exactly as many bytes as allowed") {
  const File empty("");
  REQUIRE(read_private_file(empty.path, kMax));
  CHECK(read_private_file(empty.path, kMax)->empty());
  const File full(std::string(kMax, 'x'));
  REQUIRE(read_private_file(full.path, kMax));
  CHECK(read_private_file(full.path, kMax)->size() == kMax);
}

TEST_CASE("a file with one byte more than allowed is refused") {
  const File file(std::string(kMax + 1, 'x'));
  CHECK(test::kind_of(read_private_file(file.path, kMax)) == "too_large");
}

TEST_CASE("a file that other users may read, write or execute is refused with what to do") {
  for (const mode_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U, 0644U, 0666U}) {
    CAPTURE(mode);
    const File file("secret", mode);
    const auto secret = read_private_file(file.path, kMax);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().kind == ErrorKind::permission_denied);
    CHECK(secret.error().message().find("other users may read or change it") != std::string::npos);
    CHECK(secret.error().hint() == "run 'chmod 600 " + file.path + "'");
  }
}

TEST_CASE("a path without a file is not found") {
  const test::TemporaryDirectory directory;
  const auto secret = read_private_file(directory.file("none"), kMax);
  REQUIRE_FALSE(secret);
  CHECK(secret.error().kind == ErrorKind::not_found);
  CHECK(secret.error().hint() == "check the path");
  CHECK(secret.error().endpoint == directory.file("none"));
}

TEST_CASE("a directory is refused, and a pipe without a writer does not block") {
  const test::TemporaryDirectory directory;
  CHECK(test::kind_of(read_private_file(directory.path(), kMax)) == "invalid_argument");
  const std::string pipe = directory.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(test::kind_of(read_private_file(pipe, kMax)) == "invalid_argument");
}

TEST_CASE("a file of another user is refused") {
  const File file("secret");
  if (::chown(file.path.c_str(), 65534, static_cast<gid_t>(-1)) != 0) {
    MESSAGE("skipped: only root can give a file away");
    return;
  }
  CHECK(test::kind_of(read_private_file(file.path, kMax)) == "permission_denied");
}

}  // namespace
}  // namespace hotline::private_file_test

#include "engine/regular_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::engine::regular_file_test {
namespace {

Result<void> refuse_all(const std::string& path, const struct stat&) {
  return fail(make_error(ErrorKind::permission_denied, "read", path, "refused"));
}

}  // namespace

TEST_CASE("a file that its check refuses is not read") {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("file")) << "text";
  std::array<std::byte, 8> room{};
  const auto refused = read_regular_file(directory.file("file"), room, refuse_all);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::permission_denied);
  CHECK(room[0] == std::byte{0});
  CHECK(read_regular_file(directory.file("file"), room, nullptr).value() == 4);
  CHECK(as_text(Bytes(room).first(4)) == "text");
}

TEST_CASE("a path is shown escaped") { CHECK(shown_path("/a\n\"b\"") == "/a\\n\\\"b\\\""); }

TEST_CASE("a directory, a named pipe and a device are special, also by a link") {
  const test::TemporaryDirectory directory;
  const std::string pipe = directory.file("pipe");
  const std::string link = directory.file("link");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE(::symlink(pipe.c_str(), link.c_str()) == 0);
  CHECK(is_special_file(directory.file("")));
  CHECK(is_special_file(pipe));
  CHECK(is_special_file(link));
  CHECK(is_special_file("/dev/null"));
}

TEST_CASE("a regular file is not special, also by a link") {
  const test::TemporaryDirectory directory;
  const std::string file = directory.file("file");
  const std::string link = directory.file("link");
  std::ofstream(file) << "content";
  REQUIRE(::symlink(file.c_str(), link.c_str()) == 0);
  CHECK_FALSE(is_special_file(file));
  CHECK_FALSE(is_special_file(link));
}

TEST_CASE("what is not there is not special") {
  const test::TemporaryDirectory directory;
  CHECK_FALSE(is_special_file(directory.file("missing")));
  CHECK_FALSE(is_special_file(""));
}

}  // namespace hotline::engine::regular_file_test

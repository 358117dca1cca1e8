#include "engine/regular_file.h"

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

}  // namespace hotline::engine::regular_file_test

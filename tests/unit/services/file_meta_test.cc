#include "hotline/services/file_meta.h"

#include <doctest/doctest.h>

namespace hotline::file_meta_test {

TEST_CASE("each kind of file has a name") {
  CHECK(name_of(FileKind::file) == "file");
  CHECK(name_of(FileKind::directory) == "directory");
  CHECK(name_of(FileKind::link) == "link");
  CHECK(name_of(FileKind::other) == "other");
  CHECK(name_of(static_cast<FileKind>(4)) == "unknown");
}

TEST_CASE("only a version of zeros is none") {
  FileVersion version;
  CHECK(version.is_none());
  for (std::size_t i = 0; i < FileVersion::kBytes; ++i) {
    version = {};
    version.bytes[i] = std::byte{1};
    CHECK_FALSE(version.is_none());
  }
}

}  // namespace hotline::file_meta_test

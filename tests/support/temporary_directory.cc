#include "support/temporary_directory.h"

#include <stdlib.h>

#include <filesystem>

#include <doctest/doctest.h>

namespace hotline::test {

TemporaryDirectory::TemporaryDirectory() : path_("/tmp/hotline-XXXXXX") {
  REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace hotline::test

#include "services/file_server_id.h"

#include <fstream>

#include <doctest/doctest.h>

#include "support/file_samples.h"
#include "support/temporary_directory.h"

namespace hotline::services::file_server_id_test {

TEST_CASE("the id of a server is kept in its root") {
  const test::TemporaryDirectory root;
  CHECK_FALSE(read_server_id(root.path()).value());
  REQUIRE(write_server_id(root.path(), test::sample_bytes(1)));
  CHECK(read_server_id(root.path()).value() == test::sample_bytes(1));
  CHECK_FALSE(write_server_id(root.path(), test::sample_bytes(2)));
  CHECK(read_server_id(root.path()).value() == test::sample_bytes(1));
}

TEST_CASE("an id that is cut off is an error, and no other one is made up") {
  const test::TemporaryDirectory root;
  std::ofstream(root.file("server")) << "short";
  const auto id = read_server_id(root.path());
  REQUIRE_FALSE(id);
  CHECK_FALSE(id.error().hint().empty());
  CHECK_FALSE(read_server_id(root.file("none")));
}

TEST_CASE("what a server that was killed had begun to write is written anew") {
  const test::TemporaryDirectory root;
  std::ofstream(root.file(".server")) << "sho";
  REQUIRE(write_server_id(root.path(), test::sample_bytes(1)));
  CHECK(read_server_id(root.path()).value() == test::sample_bytes(1));
}

}  // namespace hotline::services::file_server_id_test

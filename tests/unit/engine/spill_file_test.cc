#include "hotline/engine/spill_file.h"

#include <string>

#include <doctest/doctest.h>

#include "support/environment_variable.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::spill_file_test {
namespace {

using test::kind_of;
using test::on_each_engine;

TEST_CASE("bytes are read where they were written") {
  on_each_engine([] {
    auto file = SpillFile::make();
    REQUIRE(file);
    REQUIRE(file->write(0, as_bytes("hello")));
    REQUIRE(file->write(5, as_bytes(" world")));
    REQUIRE(file->write(0, as_bytes("H")));
    CHECK(file->read(0, 11).value() == "Hello world");
    CHECK(file->read(6, 5).value() == "world");
    CHECK(file->read(3, 0).value().empty());
  });
}

TEST_CASE("bytes that were not written are an error") {
  on_each_engine([] {
    auto file = SpillFile::make();
    REQUIRE(file);
    REQUIRE(file->write(0, as_bytes("abc")));
    CHECK(kind_of(file->read(0, 4)) == "truncated");
    CHECK(kind_of(file->read(9, 1)) == "truncated");
  });
}

TEST_CASE("what was discarded is gone, and the rest stays") {
  on_each_engine([] {
    auto file = SpillFile::make();
    REQUIRE(file);
    REQUIRE(file->write(0, as_bytes(std::string(100'000, 'a'))));
    REQUIRE(file->discard_before(50'000));
    CHECK(file->read(50'000, 3).value() == "aaa");
    CHECK(file->read(0, 3));
  });
}

TEST_CASE("the file has no name, and its directory is TMPDIR unless one is given") {
  const test::TemporaryDirectory directory;
  CHECK(SpillFile::make(directory.path()));
  CHECK(kind_of(SpillFile::make(directory.file("absent"))) == "not_found");
  const test::EnvironmentVariable elsewhere("TMPDIR", directory.file("absent").c_str());
  CHECK(kind_of(SpillFile::make()) == "not_found");
  CHECK(SpillFile::make(directory.path()));
}

}  // namespace
}  // namespace hotline::spill_file_test

#include "cli/shared_spill.h"

#include <doctest/doctest.h>

#include "support/environment_variable.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::cli::shared_spill_test {
namespace {

TEST_CASE("what was added is read where it was added") {
  test::on_each_engine([] {
    SharedSpill spill;
    const auto one = spill.add(as_bytes("one"));
    const auto two = spill.add(as_bytes("three"));
    REQUIRE(one);
    REQUIRE(two);
    CHECK(spill.read(*one, 3).value() == "one");
    CHECK(spill.read(*two, 5).value() == "three");
  });
}

TEST_CASE("before anything was added there is no file") {
  const test::TemporaryDirectory directory;
  const test::EnvironmentVariable elsewhere("TMPDIR", directory.file("absent").c_str());
  SharedSpill spill;
  CHECK(test::kind_of(spill.read(0, 1)) == "truncated");
  CHECK(test::kind_of(spill.add(as_bytes("x"))) == "not_found");
}

}  // namespace
}  // namespace hotline::cli::shared_spill_test

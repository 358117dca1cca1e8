#include "core/raised_flag.h"

#include <stdexcept>

#include <doctest/doctest.h>

namespace hotline::raised_flag_test {

TEST_CASE("a flag is raised for a scope, and lowered at its end") {
  bool flag = false;
  {
    const RaisedFlag raised(flag);
    CHECK(flag);
  }
  CHECK_FALSE(flag);
}

TEST_CASE("a flag is lowered when the scope is left by a throw") {
  bool flag = false;
  const auto fails = [&] {
    const RaisedFlag raised(flag);
    throw std::runtime_error("no");
  };
  CHECK_THROWS(fails());
  CHECK_FALSE(flag);
}

TEST_CASE("a flag that an outer scope has raised stays so until that one ends") {
  bool flag = false;
  const RaisedFlag outer(flag);
  { const RaisedFlag inner(flag); }
  CHECK(flag);
}

}  // namespace hotline::raised_flag_test

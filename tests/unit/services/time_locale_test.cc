#include "hotline/services/time_locale.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::time_locale_test {

TEST_CASE("the locale C is always there, under both of its names") {
  CHECK(TimeLocale().name() == "C");
  CHECK(TimeLocale::find("C").value().name() == "C");
  CHECK(TimeLocale::find("POSIX").value().name() == "C");
  CHECK(TimeLocale::find("C.UTF-8").value().name() == "C.UTF-8");
}

TEST_CASE("a locale that this machine lacks is refused with a way to list those that it has") {
  for (const char* name : {"", "xx_XX.UTF-8", "C.ISO-8859-1", "de_DE.UTF-8/../..", "\n"}) {
    CAPTURE(name);
    const auto locale = TimeLocale::find(name);
    REQUIRE_FALSE(locale.has_value());
    CHECK(locale.error().kind == ErrorKind::invalid_argument);
    CHECK(locale.error().hint().contains("locale -a"));
  }
}

}  // namespace hotline::time_locale_test

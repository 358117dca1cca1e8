#include "services/allowed_variables.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::services::allowed_variables_test {
namespace {

const std::vector<std::string> kAll{"*"};

}  // namespace

TEST_CASE("names have letters, digits and underscores") {
  for (const std::string_view name : {"A", "_", "a1", "LC_ALL", "x_9_Y"}) {
    CAPTURE(name);
    CHECK(is_variable_name(name));
  }
  CHECK(is_variable_name(std::string(128, 'A')));
}

TEST_CASE("other names are refused") {
  for (const std::string_view name :
       {"", "1", "9A", "A=B", "=", "A B", "A-B", "A.B", "BASH_FUNC_x%%", "A\n", "\xc3\xa9"}) {
    CAPTURE(name);
    CHECK_FALSE(is_variable_name(name));
    CHECK_FALSE(is_allowed_variable(name, kAll));
  }
  CHECK_FALSE(is_variable_name(std::string_view("A\0B", 3)));
  CHECK_FALSE(is_variable_name(std::string(129, 'A')));
}

TEST_CASE("variables that change which code runs are accepted by no server") {
  for (const std::string_view name : {"LD_PRELOAD",
                                      "LD_LIBRARY_PATH",
                                      "LD_",
                                      "DYLD_INSERT_LIBRARIES",
                                      "BASH_ENV",
                                      "BASH_FUNC_x",
                                      "ENV",
                                      "IFS",
                                      "PATH",
                                      "SHELLOPTS",
                                      "PS4",
                                      "PROMPT_COMMAND",
                                      "GCONV_PATH",
                                      "GLIBC_TUNABLES",
                                      "MALLOC_CHECK_",
                                      "OPENSSL_CONF",
                                      "PYTHONPATH",
                                      "PYTHONSTARTUP",
                                      "PERL5OPT",
                                      "PERL5LIB",
                                      "RUBYOPT",
                                      "NODE_OPTIONS",
                                      "JAVA_TOOL_OPTIONS",
                                      "TERMINFO",
                                      "HOME",
                                      "USER",
                                      "SHELL"}) {
    CAPTURE(name);
    CHECK(is_refused_variable(name));
    CHECK_FALSE(is_allowed_variable(name, kAll));
    CHECK_FALSE(is_allowed_variable(name, std::vector<std::string>{std::string(name)}));
  }
}

TEST_CASE("similar names are not refused") {
  for (const std::string_view name :
       {"LD", "LDX", "ENVIRONMENT", "PATHS", "MYPATH", "IFS_", "HOMES", "TERM", "LANG", "LC_ALL",
        "TZ", "path", "ld_preload", "BASHFUL"}) {
    CAPTURE(name);
    CHECK_FALSE(is_refused_variable(name));
    CHECK(is_allowed_variable(name, kAll));
  }
}

TEST_CASE("without a pattern nothing is allowed") { CHECK_FALSE(is_allowed_variable("A", {})); }

TEST_CASE("a pattern is a name, or the beginning of names") {
  const std::vector<std::string> patterns{"LANG", "LC_*", "APP"};
  for (const std::string_view name : {"LANG", "LC_", "LC_ALL", "APP"}) {
    CHECK(is_allowed_variable(name, patterns));
  }
  for (const std::string_view name : {"LAN", "LANGUAGE", "LC", "APP_X", "XLC_ALL", "*", "LC_*"}) {
    CHECK_FALSE(is_allowed_variable(name, patterns));
  }
}

TEST_CASE("a pattern that matches only refused variables is refused") {
  for (const char* refused : {"LD_*", "LD_PRELOAD", "LD_PRE*", "PATH", "PYTHON*", "PYTHONPATH"}) {
    CHECK(is_refused_pattern(refused));
  }
  for (const char* useful : {"*", "L*", "LC_*", "PATH*", "LD", "PYTHO*", "TZ", "ENV*"}) {
    CHECK_FALSE(is_refused_pattern(useful));
  }
}

}  // namespace hotline::services::allowed_variables_test

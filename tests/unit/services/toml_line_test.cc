#include "services/toml_line.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace hotline::services::toml_line_test {
namespace {

bool is_good(std::string_view line) { return fault_of_toml_line(line).empty(); }

TEST_CASE("a table, a key with its value, a comment and an empty line are taken") {
  for (const std::string_view line :
       {"", " \t", "\r", "# \u00e9 [", "[a]", " [ a-_9 ]\t# \u0416", "['a.b']", "[\"a\"]\r",
        "a = 1", "a=1#", "\"a#\\\"\" = ''", "a = \"\u00e9 # \\\\\"", "a = '\"\"\"'", "a = -0x_ff",
        "a = true\r", "a = +1"}) {
    CAPTURE(std::string(line));
    CHECK(fault_of_toml_line(line) == "");
  }
}

TEST_CASE("a line of another form is refused") {
  for (const std::string_view line : {"[",
                                      "[]",
                                      "[a",
                                      "[[a]]",
                                      "[a.b]",
                                      "[a] b",
                                      "a",
                                      "a =",
                                      "= 1",
                                      "a.b = 1",
                                      "a = 1 b",
                                      "a = [1]",
                                      "a = [",
                                      "a = {}",
                                      "a = 1,",
                                      "a = 1.5",
                                      "a = 1979-05-27",
                                      "a = 07:32",
                                      "a = +",
                                      "a = +-1",
                                      "a b = 1",
                                      "a = \"x",
                                      "a = 'x",
                                      "a = \"x\\",
                                      "a = \"x\\\"",
                                      "a = \"\"\"x\"\"\"",
                                      "a = '''",
                                      "a = \"x\" y",
                                      "\u00e9 = 1",
                                      "a = \u00e9",
                                      "a\u00e9 = 1",
                                      "a = 1\u00a0",
                                      "a = '' \u00e9",
                                      "\ufeffa = 1",
                                      "a = 1\r\r",
                                      "a\v= 1",
                                      "]",
                                      "}"}) {
    CAPTURE(std::string(line));
    CHECK_FALSE(is_good(line));
  }
}

TEST_CASE("a fault of a value is another than one of a line") {
  constexpr std::string_view kNoValue = "the value is neither a text, an integer, true nor false";
  CHECK(fault_of_toml_line("[") == "the line is neither KEY = VALUE nor [TABLE]");
  CHECK(fault_of_toml_line("a") == "the line is neither KEY = VALUE nor [TABLE]");
  CHECK(fault_of_toml_line("a.b = 1") == "a key with a dot is not in quotes");
  CHECK(fault_of_toml_line("[a.b]") == "a key with a dot is not in quotes");
  CHECK(fault_of_toml_line("a =") == kNoValue);
  CHECK(fault_of_toml_line("a = 1.5") == kNoValue);
  CHECK(fault_of_toml_line("a = 1 2") == kNoValue);
}

TEST_CASE("a byte of zero is refused outside of quotes and comments") {
  using namespace std::string_view_literals;
  CHECK_FALSE(is_good("a = 1\0"sv));
  CHECK_FALSE(is_good("\0"sv));
}

}  // namespace
}  // namespace hotline::services::toml_line_test

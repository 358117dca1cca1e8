#include "cli/json_line.h"

#include <limits>
#include <utility>

#include <doctest/doctest.h>

namespace hotline::cli::json_line_test {
namespace {

using namespace std::string_view_literals;

std::string text_of(std::string_view value) { return JsonLine().add("a", value).text(); }

}  // namespace

TEST_CASE("an object without members is empty braces") { CHECK(JsonLine().text() == "{}"); }

TEST_CASE("a versioned object begins with the version") {
  CHECK(JsonLine::versioned().add("a", "b").text() == R"({"v":1,"a":"b"})");
}

TEST_CASE("keys keep the order in which they were added") {
  CHECK(JsonLine().add("z", "1").add("a", 2).add("m", "3").text() == R"({"z":"1","a":2,"m":"3"})");
}

TEST_CASE("numbers have no quotes, and all their digits") {
  CHECK(JsonLine().add("a", 0).add("b", -1).text() == R"({"a":0,"b":-1})");
  CHECK(JsonLine()
            .add("a", std::numeric_limits<std::int64_t>::max())
            .add("b", std::numeric_limits<std::int64_t>::min())
            .text() == R"({"a":9223372036854775807,"b":-9223372036854775808})");
}

TEST_CASE("lists contain texts or objects") {
  CHECK(JsonLine().add("a", std::vector<std::string>{"x", ""}).text() == R"({"a":["x",""]})");
  CHECK(JsonLine().add("a", std::vector<std::string>()).text() == R"({"a":[]})");
  std::vector<JsonLine> objects;
  CHECK(JsonLine().add("a", objects).text() == R"({"a":[]})");
  objects.push_back(std::move(JsonLine().add("b", 1)));
  objects.emplace_back();
  CHECK(JsonLine().add("a", objects).text() == R"({"a":[{"b":1},{}]})");
}

TEST_CASE("an object may contain another, a copy of its state at that time") {
  JsonLine inner;
  inner.add("b", 1);
  JsonLine outer;
  outer.add("a", inner);
  inner.add("c", 2);
  CHECK(outer.text() == R"({"a":{"b":1}})");
}

TEST_CASE("an empty value is left out only where that was requested") {
  CHECK(JsonLine().add_unless_empty("a", "").add_unless_empty("b", "x").text() == R"({"b":"x"})");
  CHECK(JsonLine().add("a", "").text() == R"({"a":""})");
}

TEST_CASE("unprintable and non-ASCII text is escaped, so that a line is safe to show") {
  CHECK(text_of("\n\t\r\"\\/") == R"({"a":"\n\t\r\"\\/"})");
  CHECK(text_of("\0\x1b[2J\x7f"sv) == R"({"a":"\u0000\u001b[2J\u007f"})");
  CHECK(text_of("\xc3\xa4\xe2\x82\xac") == R"({"a":"\u00e4\u20ac"})");
  CHECK(text_of("\xf0\x9f\x98\x80") == R"({"a":"\ud83d\ude00"})");
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  CHECK(text_of("a\xff"
                "b") == R"({"a":"a\ufffdb"})");
  CHECK(text_of("\xc3") == R"({"a":"\ufffd"})");
  CHECK(JsonLine().add("k\xff", 1).text() == R"({"k\ufffd":1})");
}

TEST_CASE("true and false are written as such") {
  JsonLine line;
  line.add_flag("yes", true);
  line.add_flag("no", false);
  CHECK(line.text() == R"({"yes":true,"no":false})");
}

}  // namespace hotline::cli::json_line_test

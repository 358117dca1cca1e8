#include "hotline/services/file_path.h"

#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace hotline::file_path_test {
namespace {

FilePath path(std::string_view text) {
  const auto parsed = FilePath::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

void check_refused(std::string_view text, FilePathFault fault) {
  const auto parsed = FilePath::parse(text);
  REQUIRE_FALSE_MESSAGE(parsed, text);
  CHECK_MESSAGE(parsed.error() == fault, text);
}

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

/// Returns a path of `size` bytes in components of at most 100, where that leaves a rest.
std::string long_path(std::size_t size) {
  const std::string text = repeated(std::string(100, 'x') + "/", size / 101);
  return text + std::string(size - text.size(), 'x');
}

}  // namespace

TEST_CASE("a path keeps its bytes as they are") {
  for (const std::string_view text : {"a", "a/b", "a/b.c/..d", "...", "a b", "\xff\xfe", "-rf", "~",
                                      "a\nb", "caf\xc3\xa9/\xf0\x9f\x98\x80", "a\\b", "C:"}) {
    CHECK(path(text).text() == text);
  }
}

TEST_CASE("the empty path is the home") {
  CHECK(path("").is_home());
  CHECK(path("") == FilePath());
  CHECK(FilePath().depth() == 0);
  CHECK(FilePath().leaf().empty());
  CHECK(FilePath().parent().is_home());
  CHECK_FALSE(path("a").is_home());
}

TEST_CASE("a path has a leaf and a parent") {
  const FilePath deep = path("a/bc/d.txt");
  CHECK(deep.depth() == 3);
  CHECK(deep.leaf() == "d.txt");
  CHECK(deep.parent() == path("a/bc"));
  CHECK(deep.parent().leaf() == "bc");
  CHECK(deep.parent().parent() == path("a"));
  CHECK(deep.parent().parent().parent().is_home());
  CHECK(path("a").depth() == 1);
  CHECK(path("a").leaf() == "a");
}

TEST_CASE("a path contains itself and what lies below it") {
  CHECK(FilePath().contains(path("a")));
  CHECK(FilePath().contains(FilePath()));
  CHECK(path("a").contains(path("a")));
  CHECK(path("a").contains(path("a/b")));
  CHECK_FALSE(path("a").contains(path("ab")));
  CHECK_FALSE(path("a").contains(path("b/a")));
  CHECK_FALSE(path("a/b").contains(path("a")));
  CHECK_FALSE(path("a").contains(FilePath()));
}

TEST_CASE("T1: .. is refused wherever it is") {
  for (const std::string_view text :
       {"..", "../a", "a/..", "a/../b", "a/b/../../..", "../..", "a/../../etc/passwd"}) {
    check_refused(text, FilePathFault::parent_directory);
  }
}

TEST_CASE("T2: a path that begins with a slash is refused") {
  for (const std::string_view text : {"/x", "/", "//", "/a/b", "/.."}) {
    check_refused(text, FilePathFault::absolute);
  }
}

TEST_CASE("T3: empty components and a slash at the end are refused") {
  for (const std::string_view text : {"a//b", "a///b", "a/b//c"}) {
    check_refused(text, FilePathFault::empty_component);
  }
  for (const std::string_view text : {"a/", "a/b/", "a//", "../"}) {
    check_refused(text, FilePathFault::trailing_slash);
  }
}

TEST_CASE("T4: . is refused wherever it is") {
  for (const std::string_view text : {".", "./a", "a/.", "a/./b"}) {
    check_refused(text, FilePathFault::current_directory);
  }
}

TEST_CASE("T5: NUL is refused wherever it is") {
  for (const std::string_view text :
       {std::string_view("\0", 1), std::string_view("a\0", 2), std::string_view("\0b", 2),
        std::string_view("a/b\0c", 5), std::string_view("/\0", 2)}) {
    check_refused(text, FilePathFault::nul);
  }
}

TEST_CASE("T6: a component of 256 bytes is refused, one of 255 is not") {
  const std::string most(255, 'x');
  CHECK(path(most).leaf() == most);
  CHECK(path("a/" + most + "/b").depth() == 3);
  check_refused(most + "x", FilePathFault::component_too_long);
  check_refused("a/" + most + "x/b", FilePathFault::component_too_long);
  check_refused("a/b/" + most + "x", FilePathFault::component_too_long);
}

TEST_CASE("T7: a path of 4,097 bytes is refused, one of 4,096 is not") {
  CHECK(path(long_path(4'095)).text().size() == 4'095);
  CHECK(path(long_path(4'096)).text().size() == 4'096);
  check_refused(long_path(4'097), FilePathFault::too_long);
  check_refused(std::string(1'000'000, '/'), FilePathFault::too_long);
}

TEST_CASE("T8: a path of 65 components is refused, one of 64 is not") {
  CHECK(path(repeated("a/", 63) + "a").depth() == 64);
  check_refused(repeated("a/", 64) + "a", FilePathFault::too_deep);
  check_refused(repeated("a/", 2'047) + "a", FilePathFault::too_deep);
}

TEST_CASE("T9: a new name is UTF-8 without control characters") {
  for (const std::string_view name : {"a", "a b", "caf\xc3\xa9", "\xc2\xa0", "\xe2\x82\xac",
                                      "\xf0\x9f\x98\x80", "~", "-", "\xc3\x80", "\xc4\x80"}) {
    CHECK_MESSAGE(fault_in_new_name(name) == std::nullopt, name);
  }
  for (int byte = 1; byte < 0x20; ++byte) {
    const std::string name = std::string("a") + static_cast<char>(byte);
    CHECK(fault_in_new_name(name) == FilePathFault::control_character);
  }
  for (int byte = 0x80; byte < 0xa0; ++byte) {
    const std::string name = std::string("\xc2") + static_cast<char>(byte) + "z";
    CHECK(fault_in_new_name(name) == FilePathFault::control_character);
  }
  CHECK(fault_in_new_name("a\nb") == FilePathFault::control_character);
  CHECK(fault_in_new_name("\x7f") == FilePathFault::control_character);
  CHECK(fault_in_new_name("\x1b[2J") == FilePathFault::control_character);
}

TEST_CASE("T9: bad UTF-8 is refused in a new name") {
  for (const std::string_view name :
       {"\xff", "\x80", "a\xc2", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xc2z", "\x9b[2J", "\xe2\x82"}) {
    CHECK(fault_in_new_name(name) == FilePathFault::not_utf8);
  }
}

TEST_CASE("each refusal has a name and a clause of its own") {
  std::set<std::string_view> texts;
  constexpr int kFaults = static_cast<int>(FilePathFault::control_character) + 1;
  for (int i = 0; i < kFaults; ++i) {
    texts.insert(name_of(static_cast<FilePathFault>(i)));
    texts.insert(describe(static_cast<FilePathFault>(i)));
  }
  CHECK(texts.size() == 2 * kFaults);
  CHECK(name_of(FilePathFault::empty_component) == "empty_component");
  CHECK(describe(FilePathFault::parent_directory) == "the path has a component ..");
}

}  // namespace hotline::file_path_test

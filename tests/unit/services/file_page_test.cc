#include "services/file_page.h"

#include <string>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/file_samples.h"

namespace hotline::services::file_page_test {
namespace {

using test::file_path;
using test::raw_number;

std::string written(const FilePage& page) {
  std::string bytes;
  FilePayloadWriter writer(bytes);
  put_value(writer, page);
  return bytes;
}

std::string fault_of(std::string_view bytes, FilePage& page) {
  FilePayloadReader reader("PAGE", as_bytes(bytes));
  take_value(reader, page);
  const auto finished = reader.finish();
  return finished ? std::string() : finished.error().text;
}

std::string fault_of(std::string_view bytes) {
  FilePage page;
  return fault_of(bytes, page);
}

void check_kept(const FilePage& page) {
  FilePage taken;
  CHECK(fault_of(written(page), taken).empty());
  CHECK(taken == page);
}

/// A page of names with one entry.
std::string raw_page(unsigned flags, std::uint64_t cursor, std::string_view name) {
  return std::string(1, static_cast<char>(flags)) + raw_number(cursor, 8) + raw_number(1, 2) +
         std::string(1, '\0') + raw_number(name.size(), 2) + std::string(name);
}

}  // namespace

TEST_CASE("a page is read as it was written") {
  check_kept({.is_last = true});
  check_kept({.cursor = 5, .entries = {{file_path("a"), test::sample_meta()}}});
  check_kept({.is_last = true,
              .entries = {{file_path("a"), test::sample_meta()},
                          {file_path("\xff b"), {.kind = FileKind::directory}},
                          {file_path("l"), {.kind = FileKind::link}}}});
  check_kept({.depth = FileDepth::tree, .entries = {{file_path("a/b/c"), test::sample_meta()}}});
}

TEST_CASE("a page of names has the kinds only") {
  FilePage page{.detail = ListDirectory::Detail::names,
                .is_last = true,
                .entries = {{file_path("a"), {.kind = FileKind::directory}},
                            {file_path("b"), {.kind = FileKind::other}}}};
  check_kept(page);
  CHECK(written(page).size() == 11 + 2 * 4);
}

TEST_CASE("a page that is cut off is malformed, at every byte") {
  const std::string bytes = written({.cursor = 5,
                                     .entries = {{file_path("a"), test::sample_meta()},
                                                 {file_path("bcd"), test::sample_meta()}}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(fault_of(bytes.substr(0, size)) == "PAGE is cut off");
  }
  CHECK(fault_of(bytes + "x") == "PAGE has bytes after its end");
}

TEST_CASE("a count over what is there is refused before memory is taken") {
  FilePage page;
  CHECK(fault_of(raw_number(1, 1) + raw_number(0, 8) + raw_number(65'535, 2), page) ==
        "PAGE is cut off");
  CHECK(page.entries.capacity() == 0);
}

TEST_CASE("T31: a server can send no name with a slash, and no path that leaves the directory") {
  constexpr unsigned kLastOfNames = 3;
  constexpr unsigned kLastOfTreeNames = 7;
  CHECK(fault_of(raw_page(kLastOfNames, 0, "a")).empty());
  CHECK(fault_of(raw_page(kLastOfNames, 0, "a/b")) == "PAGE has a name with a slash");
  CHECK(fault_of(raw_page(kLastOfNames, 0, "..")) ==
        "PAGE is refused: the path has a component ..");
  CHECK(fault_of(raw_page(kLastOfNames, 0, ".")) == "PAGE is refused: the path has a component .");
  CHECK(fault_of(raw_page(kLastOfNames, 0, "/etc")) ==
        "PAGE is refused: the path begins with a slash");
  CHECK(fault_of(raw_page(kLastOfNames, 0, std::string_view("a\0b", 3))) ==
        "PAGE is refused: the path has a NUL");
  CHECK(fault_of(raw_page(kLastOfTreeNames, 0, "a/b")).empty());
  CHECK(fault_of(raw_page(kLastOfTreeNames, 0, "a/../../b")) ==
        "PAGE is refused: the path has a component ..");
}

TEST_CASE("an entry without a name is malformed") {
  CHECK(fault_of(raw_page(3, 0, "") + "x") == "PAGE names no file");
}

TEST_CASE("the cursor leads to another page") {
  CHECK(fault_of(raw_page(2, 1, "a")).empty());
  CHECK(fault_of(raw_page(2, 0, "a")) == "PAGE has a wrong cursor");
  CHECK(fault_of(raw_page(3, 1, "a")) == "PAGE has a wrong cursor");
  CHECK(fault_of(raw_page(6, 0, "a")).empty());
  CHECK(fault_of(raw_page(6, 1, "a")) == "PAGE has a wrong cursor");
}

TEST_CASE("only the last page may be empty, and a page has no other flags") {
  CHECK(fault_of(raw_number(0, 1) + raw_number(5, 8) + raw_number(0, 2)) ==
        "PAGE has no entry and is not the last");
  CHECK(fault_of(raw_page(8, 0, "a")) == "PAGE has an unknown flag");
}

TEST_CASE("an entry of an unknown kind is malformed") {
  std::string bytes = raw_page(3, 0, "a");
  bytes[11] = 4;
  CHECK(fault_of(bytes) == "PAGE has an unknown kind of file");
}

}  // namespace hotline::services::file_page_test

#include "services/opened_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "services/block_hashes.h"
#include "support/file_homes.h"

namespace hotline::services::opened_file_test {
namespace {

using test::code_of;
using test::sample_content;

struct Opened {
  explicit Opened(const std::string& content) {
    test::write_test_file(directory.file("a"), content);
    auto opened = Directory::open(directory.path()).value().open_file("a").value();
    const FileStatus status = opened.status().value();
    file.emplace(std::move(opened), status);
  }

  void append(std::string_view text) {
    std::ofstream(directory.file("a"), std::ios::app | std::ios::binary) << text;
  }

  test::TemporaryDirectory directory{};
  std::optional<OpenedFile> file{};
};

std::string read_from(OpenedFile& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '?');
  text.resize(file.read(offset, as_writable_bytes(text)).value());
  return text;
}

TEST_CASE("an opened file is read from anywhere to its end") {
  Opened opened("0123456789");
  CHECK(opened.file->meta().size == 10);
  CHECK(read_from(*opened.file, 0, 4) == "0123");
  CHECK(read_from(*opened.file, 8, 4) == "89");
  CHECK(read_from(*opened.file, 10, 4).empty());
  CHECK(read_from(*opened.file, ~std::uint64_t{0}, 4).empty());
  CHECK(opened.file->check_unchanged());
}

TEST_CASE("a file that grows while it is read has changed, and is read up to its old end (T34)") {
  Opened opened("0123456789");
  opened.append("abc");
  CHECK(read_from(*opened.file, 8, 100) == "89");
  CHECK(code_of(opened.file->check_unchanged()) == FileErrorCode::changed);
  CHECK(code_of(opened.file->sums(FileDigestKind::none)) == FileErrorCode::changed);
  CHECK(code_of(opened.file->hashes({.first = 0, .count = 1})) == FileErrorCode::changed);
}

TEST_CASE("a file that shrinks while it is read has changed (T34)") {
  Opened opened("0123456789");
  std::filesystem::resize_file(opened.directory.file("a"), 3);
  std::byte room[10];
  CHECK(code_of(opened.file->read(0, room)) == FileErrorCode::changed);
}

TEST_CASE("a file whose name is taken by another one is read as it was opened (T34)") {
  Opened opened("0123456789");
  test::write_test_file(opened.directory.file("b"), "other");
  std::filesystem::rename(opened.directory.file("b"), opened.directory.file("a"));
  CHECK(read_from(*opened.file, 0, 20) == "0123456789");
}

TEST_CASE("the root, the digest and the hashes of blocks are those of the content") {
  const std::string content = sample_content(2 * kFileBlockBytes + 7);
  Opened opened(content);
  const auto sums = opened.file->sums(FileDigestKind::md5);
  REQUIRE(sums);
  CHECK(sums->root == root_of(as_bytes(content)));
  CHECK(sums->digest.kind == FileDigestKind::md5);
  const auto all = opened.file->hashes({.first = 0, .count = 100});
  REQUIRE(all);
  CHECK(root_of(all->hashes, content.size()) == sums->root);
  const auto last = opened.file->hashes({.first = 2, .count = 1});
  REQUIRE(last);
  CHECK(last->hashes.front() == hash_of(as_bytes(content).subspan(2 * kFileBlockBytes)));
  CHECK(opened.file->hashes({.first = 3, .count = 1})->hashes.empty());
  CHECK(opened.file->hashes({.first = ~std::uint64_t{0}, .count = 9})->hashes.empty());
}

TEST_CASE("an empty file has a root, no blocks and no data") {
  Opened opened("");
  CHECK(opened.file->sums(FileDigestKind::none)->root == root_of(Bytes()));
  CHECK(opened.file->hashes({.first = 0, .count = 1})->hashes.empty());
  CHECK(opened.file->next_data(0) == 0U);
}

TEST_CASE("the next data is after a hole, and the end after the last data") {
  Opened opened("");
  std::filesystem::resize_file(opened.directory.file("a"), 8U << 20);
  opened.append("x");
  auto file = Directory::open(opened.directory.path()).value().open_file("a").value();
  const FileStatus status = file.status().value();
  OpenedFile holes(std::move(file), status);
  const std::uint64_t data = holes.next_data(0).value();
  CHECK(data <= 8U << 20);
  CHECK(holes.next_data(8U << 20) == 8U << 20);
  CHECK(holes.next_data(9U << 20) == (8U << 20) + 1);
}

}  // namespace
}  // namespace hotline::services::opened_file_test

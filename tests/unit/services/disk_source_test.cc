#include "services/disk_source.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/directory.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::disk_source_test {
namespace {

using services::DiskSource;

/// Returns the whole content, and how many of its bytes came as zeros.
std::pair<std::string, std::uint64_t> read_all(DiskSource& source) {
  std::string content;
  std::uint64_t zeros = 0;
  for (;;) {
    const auto piece = source.next(content.size());
    REQUIRE(piece);
    if (piece->is_end()) return {content, zeros};
    content += as_text(piece->bytes);
    if (!piece->bytes.empty()) continue;
    content.append(static_cast<std::size_t>(piece->zeros), '\0');
    zeros += piece->zeros;
  }
}

struct Opened {
  explicit Opened(std::string_view content)
      : directory(Directory::open(place.path()).value()),
        file(directory.create("a", 0600).value()) {
    REQUIRE(file.write_at(0, as_bytes(content)));
  }

  test::TemporaryDirectory place;
  Directory directory;
  DiskFile file;
};

TEST_CASE("a file is read from its first byte to its end, whatever its size") {
  test::on_each_engine([] {
    for (const std::size_t size : {0UL, 1UL, 262'144UL, 700'001UL}) {
      const std::string content(size, 'x');
      Opened opened(content);
      DiskSource source(opened.file, opened.file.status().value());
      CHECK((read_all(source).first == content));
      CHECK(source.next(size + 1)->is_end());
    }
  });
}

TEST_CASE("a file of /proc has content of an unknown size, and an empty file has none") {
  const Opened empty("");
  DiskFile nothing = empty.directory.open_file("a").value();
  CHECK(DiskSource::find_size(nothing, *nothing.status()).value() == DiskSource::Size::known);
  const Directory proc = Directory::open("/proc").value();
  DiskFile version = proc.open_file("version").value();
  const FileStatus status = version.status().value();
  REQUIRE(status.size == 0);
  const auto size = DiskSource::find_size(version, status);
  CHECK(size.value() == DiskSource::Size::unknown);
  DiskSource source(version, status, *size);
  const std::string content = read_all(source).first;
  CHECK(content.starts_with("Linux version "));
  CHECK(content.ends_with('\n'));
}

TEST_CASE("a file with more bytes than its size says is not put") {
  test::on_each_engine([] {
    for (const std::size_t size : {0UL, 1UL, 700'000UL}) {
      Opened opened(std::string(700'001, 'x'));
      FileStatus status = opened.file.status().value();
      status.size = size;
      DiskSource whole(opened.file, status);
      CHECK_FALSE(whole.read_all());
      DiskSource pieces(opened.file, status);
      CHECK_FALSE(pieces.next(size));
    }
  });
}

TEST_CASE("holes are zeros that are not read") {
  constexpr std::uint64_t kHole = 8U << 20;
  Opened opened("milk");
  REQUIRE(opened.file.write_at(kHole, as_bytes("more")));
  REQUIRE(opened.file.truncate(2 * kHole));
  DiskSource source(opened.file, opened.file.status().value());
  const auto [content, zeros] = read_all(source);
  CHECK(content.size() == 2 * kHole);
  CHECK(content.starts_with("milk"));
  CHECK(content.substr(kHole, 5) == std::string("more\0", 5));
  CHECK(zeros > kHole);
}

TEST_CASE("a file that grows, shrinks or is written while it is read has no end") {
  const std::string content(1U << 20, 'x');
  using Change = Result<void> (*)(DiskFile&);
  const Change changes[] = {
      [](DiskFile& file) { return file.write_at(1U << 20, as_bytes("y")); },
      [](DiskFile& file) { return file.truncate(300'000); },
      [](DiskFile& file) { return file.set_modified(DiskTime()); },
  };
  for (const Change& change : changes) {
    Opened opened(content);
    DiskSource source(opened.file, opened.file.status().value());
    REQUIRE(source.next(0));
    CHECK_FALSE(source.has_changed());
    REQUIRE(change(opened.file));
    Result<ContentPiece> last = ContentPiece();
    std::uint64_t offset = 0;
    while ((last = source.next(offset)) && !last->is_end()) offset += last->bytes.size();
    CHECK(test::kind_of(last) == "invalid_argument");
    CHECK(source.has_changed());
  }
}

}  // namespace
}  // namespace hotline::disk_source_test

#include "services/gathered_writes.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>

#include "hotline/engine/directory.h"
#include "support/file_samples.h"
#include "support/file_size_limit.h"
#include "support/memory_shortage.h"
#include "support/temporary_directory.h"

namespace hotline::services::gathered_writes_test {
namespace {

constexpr std::size_t kMax = GatheredWrites::kBytesMax;

struct Written {
  test::TemporaryDirectory place{};
  Directory directory = Directory::open(place.path()).value();
  DiskFile file = directory.create("f", 0600).value();
  GatheredWrites writes{};

  std::size_t size() { return static_cast<std::size_t>(file.status().value().size); }

  std::string content() {
    std::string content(size(), '?');
    REQUIRE(file.read_at(0, as_writable_bytes(content)).value() == content.size());
    return content;
  }

  Result<void> append(std::uint64_t offset, std::string_view bytes) {
    return writes.append(file, offset, as_bytes(bytes));
  }
};

TEST_CASE("pieces are written together when they are enough") {
  Written test;
  const std::string content = test::sample_content(kMax + 10);
  const std::string_view all = content;
  REQUIRE(test.append(0, all.substr(0, 100)));
  REQUIRE(test.append(100, all.substr(100, kMax - 101)));
  CHECK(test.size() == 0);
  CHECK(test.writes.size() == kMax - 1);
  REQUIRE(test.append(kMax - 1, all.substr(kMax - 1)));
  CHECK(test.size() == kMax);
  CHECK(test.writes.size() == 10);
  REQUIRE(test.writes.flush(test.file));
  CHECK(test.writes.is_empty());
  CHECK((test.content() == content));
}

TEST_CASE("a piece of any size is taken") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMax, kMax + 1, 3 * kMax + 7}) {
    CAPTURE(size);
    Written test;
    const std::string content = test::sample_content(size);
    REQUIRE(test.append(0, content));
    CHECK(test.writes.size() == size % kMax);
    REQUIRE(test.writes.flush(test.file));
    CHECK((test.content() == content));
  }
}

TEST_CASE("a piece that does not follow is written where it belongs, after those before") {
  Written test;
  REQUIRE(test.append(2, "ab"));
  REQUIRE(test.append(7, "c"));
  CHECK(test.size() == 4);
  REQUIRE(test.append(3, "B"));
  REQUIRE(test.writes.flush(test.file));
  CHECK(test.content() == std::string("\0\0aB\0\0\0c", 8));
}

TEST_CASE("what is dropped is not written, and the next piece may belong anywhere") {
  Written test;
  REQUIRE(test.append(0, "lost"));
  test.writes.drop();
  CHECK(test.writes.is_empty());
  REQUIRE(test.append(1, "x"));
  REQUIRE(test.writes.flush(test.file));
  CHECK(test.content() == std::string("\0x", 2));
}

TEST_CASE("flushing nothing writes nothing") {
  Written test;
  REQUIRE(test.writes.flush(test.file));
  CHECK(test.size() == 0);
}

TEST_CASE("what was expected needs no more memory, and no more is taken than for one write") {
  Written test;
  test.writes.reserve(~std::uint64_t{0});
  const std::string content = test::sample_content(2 * kMax + 10);
  bool is_appended = false;
  {
    const test::MemoryShortage shortage;
    for (std::size_t at = 0; at < content.size(); at += 50'000) {
      is_appended = test.append(at, std::string_view(content).substr(at, 50'000)).has_value();
      if (!is_appended) break;
    }
  }
  CHECK(is_appended);
  REQUIRE(test.writes.flush(test.file));
  CHECK((test.content() == content));
}

TEST_CASE("after a failure everything can be written again") {
  Written test;
  const std::string content = test::sample_content(1'000);
  REQUIRE(test.append(0, content));
  {
    const test::FileSizeLimit limit(0);
    const auto refused = test.writes.flush(test.file);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().native_code == EFBIG);
    CHECK(test.writes.size() == content.size());
  }
  REQUIRE(test.writes.flush(test.file));
  CHECK((test.content() == content));
}

}  // namespace
}  // namespace hotline::services::gathered_writes_test

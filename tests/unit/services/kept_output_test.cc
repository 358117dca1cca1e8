#include "services/kept_output.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::services::kept_output_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;
using test::on_each_engine;

constexpr KeptOutput::Bounds kSmall{.kept_max = 10'000'000, .ahead_max = 1'000};

std::string pattern(std::size_t size, std::size_t from = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((from + i) * 31 / 7);
  return text;
}

std::uint64_t digest_of(std::string_view text) {
  OutputDigest digest;
  digest.add(as_bytes(text));
  return digest.value();
}

KeptOutput::Reader attached(KeptOutput& output, std::optional<std::uint64_t> offset) {
  auto reader = output.attach(offset);
  REQUIRE(reader);
  REQUIRE(*reader);
  return **reader;
}

TEST_CASE("what was appended is read from any offset, with the digest up to there") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), kSmall);
    REQUIRE(output.append(as_bytes("hello ")));
    REQUIRE(output.append(as_bytes("world")));
    for (std::uint64_t offset = 0; offset <= 11; ++offset) {
      auto reader = attached(output, offset);
      CHECK(reader.digest.value() == digest_of(std::string_view("hello world").substr(0, offset)));
      if (offset == 11) continue;
      CHECK(output.read(reader, 100).value() == std::string("hello world").substr(offset));
      CHECK(reader.digest.value() == digest_of("hello world"));
    }
    CHECK(output.digest().value() == digest_of("hello world"));
  });
}

TEST_CASE("an offset beyond the end is not kept") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), kSmall);
    REQUIRE(output.append(as_bytes("abc")));
    CHECK_FALSE(output.attach(4).value());
    CHECK(output.attach(3).value());
  });
}

TEST_CASE("the end is read once everything before it was, with what was dropped") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), kSmall);
    REQUIRE(output.append(as_bytes("abc")));
    output.end(7);
    auto reader = attached(output, std::nullopt);
    CHECK(output.read(reader, 2).value() == "ab");
    CHECK(output.read(reader, 2).value() == "c");
    CHECK(output.read(reader, 2).value().empty());
    CHECK(output.read(reader, 2).value().empty());
    CHECK(output.dropped() == 7);
  });
}

TEST_CASE("a reader waits for the next bytes, and for the end") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), kSmall);
    auto reader = attached(output, 0);
    std::string text;
    TaskGroup both;
    REQUIRE(both.spawn("reader", [&] {
      for (;;) {
        const auto piece = output.read(reader, 10);
        REQUIRE(piece);
        if (piece->empty()) return;
        text += *piece;
      }
    }));
    REQUIRE(both.spawn("writer", [&] {
      REQUIRE(sleep_for(1ms));
      REQUIRE(output.append(as_bytes("late")));
      REQUIRE(sleep_for(1ms));
      output.end(0);
    }));
    REQUIRE(both.join());
    CHECK(text == "late");
  });
}

TEST_CASE("a later reader ends an earlier one that waits") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), kSmall);
    auto first = attached(output, 0);
    std::string end;
    TaskGroup both;
    REQUIRE(both.spawn("first", [&] { end = kind_of(output.read(first, 10)); }));
    REQUIRE(both.spawn("second", [&] {
      REQUIRE(sleep_for(1ms));
      auto second = attached(output, 0);
      REQUIRE(output.append(as_bytes("x")));
      CHECK(output.read(second, 10).value() == "x");
    }));
    REQUIRE(both.join());
    CHECK(end == "closed");
    output.detach(first);
    CHECK(kind_of(output.read(first, 1)) == "closed");
  });
}

TEST_CASE("the command does not run further ahead of a client than allowed") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), kSmall);
    auto reader = attached(output, 0);
    CHECK(output.wait_room().value() == 1'000);
    REQUIRE(output.append(as_bytes(pattern(1'000))));
    TaskGroup both;
    std::size_t room = 0;
    REQUIRE(both.spawn("writer", [&] { room = output.wait_room().value(); }));
    REQUIRE(both.spawn("reader", [&] { CHECK(output.read(reader, 300).value().size() == 300); }));
    REQUIRE(both.join());
    CHECK(room == 300);
    // Without a client it may go on.
    output.detach(reader);
    CHECK(output.wait_room().value() == kSmall.kept_max - 1'000);
  });
}

TEST_CASE("without a client the command waits at the limit, and no byte is given up") {
  on_each_engine([] {
    KeptOutput output(SpillFile::make().value(), {.kept_max = 100, .ahead_max = 100});
    REQUIRE(output.append(as_bytes(pattern(100))));
    TaskGroup writer;
    REQUIRE(writer.spawn("writer", [&] { CHECK(kind_of(output.wait_room()) == "cancelled"); }));
    REQUIRE(writer.spawn("cancel", [&] { writer.cancel(); }));
    REQUIRE(writer.join());
    auto reader = attached(output, 0);
    CHECK((output.read(reader, 1'000).value() == pattern(100)));
  });
}

TEST_CASE("the oldest bytes are given up once clients have them, and the digest stays right") {
  on_each_engine([] {
    const KeptOutput::Bounds bounds{.kept_max = std::uint64_t{8} << 20,
                                    .ahead_max = std::uint64_t{1} << 20};
    KeptOutput output(SpillFile::make().value(), bounds);
    auto reader = attached(output, 0);
    OutputDigest all;
    constexpr std::size_t kPiece = 500'000;
    std::size_t size = 0;
    for (int i = 0; i < 40; ++i) {
      REQUIRE(output.wait_room().value() >= kPiece);
      const std::string piece = pattern(kPiece, size);
      REQUIRE(output.append(as_bytes(piece)));
      all.add(as_bytes(piece));
      size += kPiece;
      REQUIRE((output.read(reader, kPiece).value() == piece));
    }
    const std::uint64_t begin = attached(output, std::nullopt).offset;
    CHECK(begin > 0);
    CHECK(size - begin <= bounds.kept_max);
    CHECK(size - begin >= KeptOutput::kInFlightMax);
    CHECK_FALSE(output.attach(0).value());
    const std::uint64_t offset = begin + 12'345;
    auto later = attached(output, offset);
    CHECK((output.read(later, 1'000).value() == pattern(1'000, offset)));
    while (later.offset < size) REQUIRE(output.read(later, kPiece));
    CHECK(later.digest.value() == all.value());
  });
}

}  // namespace
}  // namespace hotline::services::kept_output_test

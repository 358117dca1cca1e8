#include "session/frame_reader.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace hotline::session::frame_reader_test {
namespace {

constexpr std::uint32_t kFrameMax = 65'536;

std::string frame(std::string_view payload) {
  std::string bytes;
  append_frame(bytes, {.type = 0x40, .stream = 1}, as_bytes(payload));
  return bytes;
}

/// Reads the payloads of all frames that arrive in pieces of `piece` bytes, each payload whole.
std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::string read;
  std::optional<FrameHeader> header;
  while (!bytes.empty()) {
    Bytes input = as_bytes(bytes.substr(0, piece));
    bytes.remove_prefix(input.size());
    for (;;) {
      if (!header) {
        const auto taken = reader.take_header(input, kFrameMax);
        REQUIRE(taken);
        if (!*taken) break;
        header = **taken;
      }
      const auto payload = reader.take(input, header->length);
      if (!payload) break;
      read += std::string(as_text(*payload)) + "|";
      header.reset();
    }
    CHECK(input.empty());
  }
  CHECK(!reader.is_within_frame());
  return read;
}

}  // namespace

TEST_CASE("frames are the same however their bytes arrive") {
  const std::string bytes = frame("one") + frame("") + frame("three and more") + frame("x");
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    CAPTURE(piece);
    CHECK(read_in_pieces(bytes, piece) == "one||three and more|x|");
  }
}

TEST_CASE("a payload that has arrived whole is not copied") {
  const std::string bytes = frame("payload");
  FrameReader reader;
  Bytes input = as_bytes(bytes);
  REQUIRE(reader.take_header(input, kFrameMax)->has_value());
  const auto payload = reader.take(input, reader.left());
  REQUIRE(payload);
  CHECK(lies_within(*payload, as_bytes(bytes)));
}

TEST_CASE("payloads that arrive in pieces are whole, also after one that needed much memory") {
  for (const std::size_t size : {4'095U, 4'096U, 4'097U, 20'000U, 65'536U}) {
    CAPTURE(size);
    const std::string large(size, 'l');
    CHECK(read_in_pieces(frame(large) + frame("small") + frame(large), size / 2) ==
          large + "|small|" + large + "|");
  }
}

TEST_CASE("a payload can be taken as a prefix and then in parts") {
  const std::string bytes = frame("prefix and the rest");
  FrameReader reader;
  Bytes input = as_bytes(std::string_view(bytes).substr(0, kHeaderBytes + 3));
  REQUIRE(reader.take_header(input, kFrameMax)->has_value());
  CHECK(!reader.take(input, 6));
  CHECK(reader.is_within_frame());
  input = as_bytes(std::string_view(bytes).substr(kHeaderBytes + 3, 5));
  CHECK(as_text(*reader.take(input, 6)) == "prefix");
  CHECK(as_text(reader.take_some(input)) == " a");
  CHECK(reader.take_some(input).empty());
  input = as_bytes(std::string_view(bytes).substr(kHeaderBytes + 8));
  CHECK(as_text(reader.take_some(input)) == "nd the rest");
  CHECK(reader.left() == 0);
  CHECK(!reader.is_within_frame());
}

TEST_CASE("a part of a header is a frame that has begun") {
  const std::string bytes = frame("x");
  FrameReader reader;
  CHECK(!reader.is_within_frame());
  Bytes input = as_bytes(bytes).first(1);
  CHECK(!reader.take_header(input, kFrameMax)->has_value());
  CHECK(reader.is_within_frame());
}

TEST_CASE("a header that is refused is refused as soon as it is complete") {
  std::string bytes;
  append_header(bytes, {.length = kFrameMax + 1, .type = 0x40, .stream = 1});
  FrameReader reader;
  Bytes input = as_bytes(bytes).first(kHeaderBytes - 1);
  CHECK(reader.take_header(input, kFrameMax).has_value());
  input = as_bytes(bytes).last(1);
  const auto refused = reader.take_header(input, kFrameMax);
  REQUIRE(!refused);
  CHECK(refused.error().code == SessionCode::too_large);
}

}  // namespace hotline::session::frame_reader_test

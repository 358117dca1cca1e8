#include "framing/formats.h"

#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::formats_test {
namespace {

/// A framing of that row, with a value where it takes one.
Framing framing_of(const Format& format) {
  std::string text(format.choice.form);
  if (const std::size_t at = text.find("BYTES"); at != text.npos) text.replace(at, 5, "--");
  if (const std::size_t at = text.find("=N"); at != text.npos) text.replace(at, 2, "=5");
  const auto framing = Framing::parse(text);
  REQUIRE(framing);
  return *framing;
}

}  // namespace

TEST_CASE("every framing has a name of its own, a form that begins with it and a summary") {
  std::set<std::string_view> names;
  REQUIRE(framing_names().size() == formats().size());
  for (const Format& format : formats()) {
    const Choice& choice = framing_names()[static_cast<std::size_t>(format.kind)];
    CAPTURE(choice.name);
    CHECK(choice == format.choice);
    CHECK(names.insert(choice.name).second);
    CHECK(choice.form.starts_with(choice.name));
    CHECK((choice.form.size() > choice.name.size()) == (format.take_value != nullptr));
    CHECK((format.take_value == nullptr) == (format.value_of == nullptr));
    CHECK_FALSE(choice.summary.empty());
    CHECK_FALSE(choice.summary.contains('\n'));
  }
}

TEST_CASE("the form of every framing can be parsed, and gives that framing") {
  for (const Format& format : formats()) {
    CAPTURE(format.choice.name);
    const Framing framing = framing_of(format);
    CHECK(framing.kind == format.kind);
    CHECK(&format_of(framing.kind) == &format);
    CHECK(framing.has_boundaries() == format.has_boundaries);
    CHECK(framing.can_pipeline() == format.answer.empty());
    CHECK(Framing::parse(framing.to_string()).value() == framing);
  }
}

TEST_CASE("every framing reads what it writes, and no header is longer than its row says") {
  const std::string payload = "hello";
  for (const Format& format : formats()) {
    CAPTURE(format.choice.name);
    const Framing framing = framing_of(format);
    const auto envelope = encode(framing, as_bytes(payload));
    REQUIRE(envelope);
    CHECK(envelope->header().size() <= format.header_max);
    CHECK(as_text(envelope->answer()) == format.answer);
    std::string wire(as_text(envelope->header()));
    wire.append(payload).append(as_text(envelope->trailer()));
    Decoder decoder(framing);
    if (!format.answer.empty()) {
      CHECK(decoder.decode(envelope->header()).outcome == Decoded::Outcome::more);
      decoder.note_answered();
    }
    const Decoded decoded = decoder.decode(as_bytes(wire));
    CHECK(decoded.outcome == Decoded::Outcome::frame);
    CHECK(decoded.frame_bytes == wire.size());
    CHECK(wire.substr(decoded.payload_begin, decoded.payload_bytes) == payload);
  }
}

TEST_CASE("the longest length that a framing can say has a header of its longest size at most") {
  for (const Format& format : formats()) {
    if (format.encode_header == nullptr) continue;
    CAPTURE(format.choice.name);
    std::array<std::byte, Envelope::kHeaderBytesMax> into{};
    CHECK(format.encode_header(format, format.length_max, into) <= format.header_max);
    CHECK(format.encode_header(format, 0, into) <= format.header_max);
  }
}

TEST_CASE("where a row has a length field, a frame is that field and the payload") {
  for (const Format& format : formats()) {
    if (format.length_field.bytes == 0) continue;
    CAPTURE(format.choice.name);
    CHECK(format.says_only_length);
    CHECK((format.trailer == nullptr));
    CHECK((format.can_carry == nullptr));
    CHECK(format.length_max == length_max_of(format.length_field));
  }
}

TEST_CASE("the framings that carry a payload of some length are those that can say it") {
  CHECK(names_for(0xffff) == "u16be, u32be, u32le, i32le, varint, netstring and mp");
  CHECK(names_for(0x10000) == "u32be, u32le, i32le, varint, netstring and mp");
  CHECK(names_for(0x80000000) == "u32be, u32le, varint, netstring and mp");
  CHECK(names_for(0x100000000) == "varint, netstring and mp");
}

TEST_CASE("a payload that cannot be carried is refused with what would do") {
  for (const Format& format : formats()) {
    CAPTURE(format.choice.name);
    CHECK((format.can_carry == nullptr) == (format.refuse == nullptr));
    if (format.refuse == nullptr) continue;
    const Refusal refusal = format.refuse(framing_of(format), 3);
    CHECK_FALSE(refusal.detail.empty());
    CHECK_FALSE(refusal.advice.empty());
  }
}

}  // namespace hotline::framing::formats_test

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "support/frame_feed.h"

// Any bytes give the same frames however they arrive, and a message that can be encoded decodes to
// the same message. The first three bytes choose the framing, its limit and the cuts.

namespace {

using hotline::as_bytes;
using hotline::as_text;
using hotline::Bytes;
using hotline::Decoded;
using hotline::Framing;
namespace test = hotline::test;

constexpr std::size_t kChoiceBytes = 3;

constexpr std::array<std::string_view, 14> kNames = {
    "raw",       "lines",       "u16be",         "u32be",   "u32le", "i32le", "varint",
    "netstring", "delimiter=;", "delimiter=aab", "fixed=3", "ready", "mp",    "delimiter=%00%00"};

void require(bool holds) {
  if (!holds) std::abort();
}

Framing chosen_framing(std::uint8_t name, std::uint8_t limit) {
  auto framing = Framing::parse(kNames[name % kNames.size()]);
  require(framing.has_value());
  constexpr std::array<std::size_t, 8> kLimits = {0, 1, 3, 10, 127, 1000, 1 << 24, SIZE_MAX};
  framing->frame_max = kLimits[limit % kLimits.size()];
  return *framing;
}

/// For raw only the bytes are the same, not where they are cut.
std::string joined(const test::Fed& fed) {
  std::string bytes;
  for (const std::string& frame : fed.frames) bytes += frame;
  return bytes;
}

void check_decoding(const Framing& framing, Bytes input, const test::Cuts& cuts) {
  const test::Fed whole = test::feed(framing, input, test::whole);
  require(whole.problem.empty());
  for (const test::Cuts& cut : {test::Cuts(test::one_byte), cuts}) {
    const test::Fed other = test::feed(framing, input, cut);
    require(framing.has_boundaries() ? other == whole : joined(other) == joined(whole));
  }
}

void check_round_trip(const Framing& framing, Bytes payload, const test::Cuts& cuts) {
  const auto envelope = hotline::encode(framing, payload);
  if (!envelope) return;
  test::Fed fed;
  if (!framing.can_pipeline()) {
    fed = test::feed_answered(framing, envelope->header(), payload, cuts);
  } else {
    // Twice: what follows a message changes nothing.
    const std::string once = test::wire(framing, as_text(payload));
    fed = test::feed(framing, as_bytes(once + once), cuts);
    require(framing.has_boundaries() ? fed.frames.size() == 2 : joined(fed) == once + once);
    if (framing.has_boundaries()) require(fed.frames[1] == fed.frames[0]);
  }
  require(fed.problem.empty());
  if (framing.has_boundaries()) require(fed.frames.at(0) == as_text(payload));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kChoiceBytes) return 0;
  const Framing framing = chosen_framing(data[0], data[1]);
  std::minstd_rand random(data[2] + 1U);
  const std::size_t piece_max = 1 + data[2] % 16U;
  const test::Cuts cuts = [&](std::size_t) { return 1 + random() % piece_max; };
  const Bytes input = std::as_bytes(std::span(data, size)).subspan(kChoiceBytes);
  check_decoding(framing, input, cuts);
  check_round_trip(framing, input, cuts);
  return 0;
}

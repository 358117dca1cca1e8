#include "hotline/framing/framing.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "framing/wire_format.h"
#include "hotline/core/bytes.h"
#include "net/percent_encoding.h"

namespace hotline {
namespace {

struct Name {
  std::string_view text;
  Framing::Kind kind;
};

constexpr Name kNames[] = {
    {"raw", Framing::Kind::raw},
    {"lines", Framing::Kind::lines},
    {"u16be", Framing::Kind::u16be},
    {"u32be", Framing::Kind::u32be},
    {"u32le", Framing::Kind::u32le},
    {"i32le", Framing::Kind::i32le},
    {"varint", Framing::Kind::varint},
    {"netstring", Framing::Kind::netstring},
    {"delimiter", Framing::Kind::delimiter},
    {"fixed", Framing::Kind::fixed},
    {"ready", Framing::Kind::ready},
    {"mp", Framing::Kind::mp},
};

constexpr std::string_view kForms =
    "the framings are raw, lines, u16be, u32be, u32le, i32le, varint, netstring, delimiter=BYTES, "
    "fixed=N, ready and mp";

// What `max` may ask for. Memory is taken only as a message arrives.
constexpr std::size_t kFrameMaxMax = framing::kU32LengthMax;

/// What is wrong with a framing's text, and what would be right.
struct Refusal {
  std::string detail;
  std::string advice;
};

// In an endpoint and in a shell line these mean something else.
constexpr std::string_view kReserved = "&?;|<>()$`\\\"'#*[]!{}^";

std::expected<void, Refusal> take_delimiter(Framing& framing, std::string_view value) {
  auto bytes = net::percent_decode(value);
  if (!bytes) {
    return std::unexpected(
        Refusal{"its delimiter has a % that means no byte", "write % itself as %25"});
  }
  if (bytes->empty() || bytes->size() > Framing::kDelimiterBytesMax) {
    return std::unexpected(Refusal{"a delimiter has 1 to 64 bytes",
                                   "write it behind the =, as in delimiter=%00 or delimiter=--"});
  }
  framing.delimiter = std::move(*bytes);
  return {};
}

std::expected<void, Refusal> take_fixed(Framing& framing, std::string_view value) {
  const char* const value_end = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), value_end, framing.fixed_bytes);
  if (error == std::errc() && end == value_end && framing.fixed_bytes > 0) return {};
  return std::unexpected(
      Refusal{"its length is no number of bytes from 1 on", "write it as fixed=512"});
}

std::expected<Framing, Refusal> parse_text(std::string_view text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const bool has_value = equals < text.size();
  const std::string_view value = has_value ? text.substr(equals + 1) : std::string_view();
  const auto name = std::ranges::find(kNames, text.substr(0, equals), &Name::text);
  if (name == std::end(kNames)) {
    return std::unexpected(Refusal{"there is no such framing", std::string(kForms)});
  }
  Framing framing{.kind = name->kind};
  std::expected<void, Refusal> taken;
  if (framing.kind == Framing::Kind::delimiter) {
    taken = take_delimiter(framing, value);
  } else if (framing.kind == Framing::Kind::fixed) {
    taken = take_fixed(framing, value);
  } else if (has_value) {
    taken = std::unexpected(
        Refusal{"nothing belongs behind its name", "write it as " + std::string(name->text)});
  }
  if (!taken) return std::unexpected(std::move(taken.error()));
  return framing;
}

}  // namespace

Result<Framing> Framing::parse(std::string_view text) {
  auto framing = parse_text(text);
  if (framing) return *std::move(framing);
  return fail(make_error(ErrorKind::invalid_argument, "understand the framing",
                         "'" + escape(as_bytes(text)) + "'", std::move(framing.error().detail),
                         std::move(framing.error().advice)));
}

Result<Framing> Framing::take_from(OptionTaker& taker) {
  const auto text = taker.take("framing");
  if (!text) return fail(text.error());
  const auto frame_max = taker.take_number("max", 1, kFrameMaxMax);
  if (!frame_max) return fail(frame_max.error());
  auto framing = parse_text(text->value_or("raw"));
  if (!framing) {
    return fail(taker.refuse("the framing '" + escape(as_bytes(text->value_or(""))) +
                                 "' is none: " + framing.error().detail,
                             std::move(framing.error().advice)));
  }
  if (*frame_max && !framing->has_boundaries()) {
    return fail(taker.refuse("the option 'max' is for messages, and there are none without framing",
                             "give a framing too, as in ?framing=lines&max=1MiB"));
  }
  framing->frame_max = frame_max->value_or(framing->frame_max);
  if (framing->fixed_bytes > framing->frame_max) {
    return fail(taker.refuse("the framing's fixed length is over the limit of " +
                                 std::to_string(framing->frame_max) + " bytes",
                             "raise it with max=" + std::to_string(framing->fixed_bytes)));
  }
  return *std::move(framing);
}

std::string Framing::to_string() const {
  const auto name = std::ranges::find(kNames, kind, &Name::kind);
  std::string text(name == std::end(kNames) ? "unknown" : name->text);
  if (kind == Kind::delimiter) text.append("=").append(net::percent_encode(delimiter, kReserved));
  if (kind == Kind::fixed) text.append("=").append(std::to_string(fixed_bytes));
  return text;
}

}  // namespace hotline

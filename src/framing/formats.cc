#include "framing/formats.h"

#include <algorithm>
#include <vector>

#include "framing/decimal_length.h"
#include "framing/fixed_length.h"
#include "framing/outcome.h"
#include "framing/terminated.h"
#include "framing/wire_format.h"
#include "hotline/core/rows.h"

namespace hotline::framing {
namespace {

using std::endian;
using Kind = Framing::Kind;

std::string any_bytes() { return names_for(kU32LengthMax) + " carry any bytes"; }

/// The row of a framing that is a length of a fixed number of bytes, then the payload.
constexpr Format length_field_format(Kind kind, Choice choice, LengthField field) {
  return {
      .kind = kind,
      .choice = choice,
      .says_only_length = true,
      .length_field = field,
      .length_max = length_max_of(field),
      .header_max = field.bytes,
      .decode =
          [](const Framing& framing, Bytes input, std::size_t length_max, Decoder::Progress&) {
            return decode_length_field(format_of(framing.kind).length_field, input, length_max);
          },
      .encode_header =
          [](const Format& format, std::size_t size, std::span<std::byte> into) {
            return encode_length_field(format.length_field, size, into.data());
          },
  };
}

}  // namespace

constexpr Format kFormats[] = {
    {
        .kind = Kind::raw,
        .choice = {.name = "raw",
                   .form = "raw",
                   .summary = "no framing: whatever has arrived is a message"},
        .has_boundaries = false,
        .decode =
            [](const Framing&, Bytes input, std::size_t, Decoder::Progress&) {
              return input.empty() ? more(1) : frame(0, input.size(), input.size());
            },
        .can_carry = [](const Framing&, Bytes payload) { return !payload.empty(); },
        .refuse = [](const Framing&, std::size_t) -> Refusal {
          return {"raw has no empty messages",
                  "take a framing on both sides, as in ?framing=u32be"};
        },
    },
    {
        .kind = Kind::lines,
        .choice = {.name = "lines", .form = "lines", .summary = "text that ends in a newline"},
        .decode =
            [](const Framing&, Bytes input, std::size_t length_max, Decoder::Progress& progress) {
              return decode_line(input, length_max, progress.looked_at);
            },
        .trailer = [](const Framing&) { return as_bytes(kLineEnd); },
        .can_carry = [](const Framing&, Bytes payload) { return is_line(payload); },
        .refuse = [](const Framing&, std::size_t) -> Refusal {
          return {"a line can neither hold a newline nor end in a carriage return", any_bytes()};
        },
    },
    length_field_format(Kind::u16be,
                        {.name = "u16be",
                         .form = "u16be",
                         .summary = "a length of 2 bytes, most significant first"},
                        {.bytes = 2, .order = endian::big}),
    length_field_format(Kind::u32be,
                        {.name = "u32be",
                         .form = "u32be",
                         .summary = "a length of 4 bytes, most significant first"},
                        {.bytes = 4, .order = endian::big}),
    length_field_format(Kind::u32le,
                        {.name = "u32le",
                         .form = "u32le",
                         .summary = "a length of 4 bytes, least significant first"},
                        {.bytes = 4, .order = endian::little}),
    length_field_format(Kind::i32le,
                        {.name = "i32le",
                         .form = "i32le",
                         .summary = "a signed length of 4 bytes, least significant first"},
                        {.bytes = 4, .order = endian::little, .is_signed = true}),
    {
        .kind = Kind::varint,
        .choice = {.name = "varint",
                   .form = "varint",
                   .summary = "a length of 7 bits a byte, as in Protocol Buffers"},
        .header_max = kVarintBytesMax,
        .decode = [](const Framing&, Bytes input, std::size_t length_max,
                     Decoder::Progress&) { return decode_varint(input, length_max); },
        .encode_header = [](const Format&, std::size_t size,
                            std::span<std::byte> into) { return encode_varint(size, into.data()); },
    },
    {
        .kind = Kind::netstring,
        .choice = {.name = "netstring",
                   .form = "netstring",
                   .summary = "a decimal length, a colon, the bytes, a comma: 5:hello,"},
        .says_only_length = true,
        .header_max = kDecimalBytesMax + 1,
        .decode = [](const Framing&, Bytes input, std::size_t length_max,
                     Decoder::Progress&) { return decode_netstring(input, length_max); },
        .encode_header = [](const Format&, std::size_t size,
                            std::span<std::byte> into) { return encode_netstring(size, into); },
        .trailer = [](const Framing&) { return as_bytes(kNetstringTrailer); },
    },
    {
        .kind = Kind::delimiter,
        .choice = {.name = "delimiter",
                   .form = "delimiter=BYTES",
                   .summary = "ends in BYTES, 1 to 64 of them; %00 is a zero byte"},
        .decode =
            [](const Framing& framing, Bytes input, std::size_t length_max,
               Decoder::Progress& progress) {
              return decode_delimited(input, delimiter_of(framing), length_max, progress.looked_at);
            },
        .trailer = [](const Framing& framing) { return delimiter_of(framing); },
        .can_carry = [](const Framing& framing,
                        Bytes payload) { return is_free_of(payload, delimiter_of(framing)); },
        .refuse = [](const Framing&, std::size_t) -> Refusal {
          return {"the delimiter is in it", any_bytes()};
        },
        .take_value = take_delimiter,
        .value_of = delimiter_text,
    },
    {
        .kind = Kind::fixed,
        .choice = {.name = "fixed", .form = "fixed=N", .summary = "every message has N bytes"},
        .says_only_length = true,
        .decode =
            [](const Framing& framing, Bytes input, std::size_t length_max, Decoder::Progress&) {
              return decode_fixed(input, framing.fixed_bytes, length_max);
            },
        .can_carry = [](const Framing& framing,
                        Bytes payload) { return payload.size() == framing.fixed_bytes; },
        .refuse = refuse_fixed,
        .take_value = take_fixed,
        .value_of = fixed_text,
    },
    {
        .kind = Kind::ready,
        .choice = {.name = "ready",
                   .form = "ready",
                   .summary = "a decimal length; the receiver answers 'ready'; then the bytes"},
        .header_max = kDecimalBytesMax,
        .answer = kReadyAnswer,
        .decode =
            [](const Framing&, Bytes input, std::size_t length_max, Decoder::Progress& progress) {
              return decode_ready(input, length_max, progress);
            },
        .encode_header = [](const Format&, std::size_t size,
                            std::span<std::byte> into) { return encode_announcement(size, into); },
    },
    {
        .kind = Kind::mp,
        .choice = {.name = "mp",
                   .form = "mp",
                   .summary = "as Python's multiprocessing.connection sends bytes"},
        .header_max = kMpLongHeaderBytes,
        .decode = [](const Framing&, Bytes input, std::size_t length_max,
                     Decoder::Progress&) { return decode_mp(input, length_max); },
        .encode_header = [](const Format&, std::size_t size,
                            std::span<std::byte> into) { return encode_mp(size, into.data()); },
    },
};

namespace {

static_assert(is_in_order(kFormats, &Format::kind),
              "format_of finds a row by the number of its enumerator");
static_assert(std::ranges::all_of(kFormats,
                                  [](const Format& format) {
                                    return format.header_max <= Envelope::kHeaderBytesMax;
                                  }),
              "an envelope has room for every header");

constexpr auto kChoices = choices_of(kFormats);

}  // namespace

std::span<const Format> formats() { return kFormats; }

std::string names_for(std::size_t size) {
  std::vector<Choice> choices;
  for (const Format& format : kFormats) {
    const bool carries_any = format.can_carry == nullptr && format.length_max >= size;
    if (carries_any && format.answer.empty()) choices.push_back(format.choice);
  }
  return list_names(choices);
}

}  // namespace hotline::framing

namespace hotline {

std::span<const Choice> framing_names() { return framing::kChoices; }

}  // namespace hotline

#include "framing/terminated.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "framing/outcome.h"
#include "framing/wire_format.h"
#include "net/percent_encoding.h"

namespace hotline::framing {
namespace {

// These have another meaning in an endpoint or a shell line.
constexpr std::string_view kReserved = "&?;|<>()$`\\\"'#*[]!{}^";

bool is_delimiter(std::string_view bytes) {
  return !bytes.empty() && bytes.size() <= Framing::kDelimiterBytesMax;
}

}  // namespace

Decoded decode_line(Bytes input, std::size_t payload_max, std::size_t& looked_at) {
  // The longest line ends in two bytes.
  const std::string_view text = as_text(input.first(std::min(input.size(), payload_max + 2)));
  const std::size_t end = text.find(kLineEnd, looked_at);
  const bool is_whole = end != text.npos;
  std::size_t payload_bytes = is_whole ? end : text.size();
  if (text.substr(0, payload_bytes).ends_with(kCarriageReturn)) --payload_bytes;
  if (payload_bytes > payload_max) return too_large();
  looked_at = is_whole ? 0 : text.size();
  return is_whole ? frame(0, payload_bytes, end + kLineEnd.size()) : more(input.size() + 1);
}

bool is_line(Bytes payload) {
  const std::string_view text = as_text(payload);
  return !text.contains(kLineEnd) && !text.ends_with(kCarriageReturn);
}

Decoded decode_delimited(Bytes input, Bytes delimiter, std::size_t payload_max,
                         std::size_t& looked_at) {
  const std::size_t frame_max = payload_max + delimiter.size();
  const std::string_view text = as_text(input.first(std::min(input.size(), frame_max)));
  const std::size_t end = text.find(as_text(delimiter), looked_at);
  if (end != text.npos) {
    looked_at = 0;
    return frame(0, end, end + delimiter.size());
  }
  if (text.size() == frame_max) return too_large();
  // The beginning of a delimiter may have arrived already.
  looked_at = text.size() - std::min(text.size(), delimiter.size() - 1);
  return more(std::max(input.size() + 1, delimiter.size()));
}

bool is_free_of(Bytes payload, Bytes delimiter) {
  const std::string_view text = as_text(payload);
  const std::string_view end = as_text(delimiter);
  if (text.contains(end)) return false;
  // A delimiter that begins in the payload may end in the delimiter after it: `a`, ended by `aa`.
  for (std::size_t inside = 1; inside < end.size(); ++inside) {
    if (text.ends_with(end.substr(0, inside)) && end.starts_with(end.substr(inside))) return false;
  }
  return true;
}

Bytes delimiter_of(const Framing& framing) {
  assert(is_delimiter(framing.delimiter) && "Framing::delimiter must have 1 to 64 bytes");
  return as_bytes(framing.delimiter);
}

std::expected<void, Refusal> take_delimiter(Framing& framing, std::string_view value) {
  auto bytes = net::percent_decode(value);
  if (!bytes) {
    return std::unexpected(Refusal{"in its delimiter '%' must be followed by two hex digits",
                                   "write % itself as %25"});
  }
  if (!is_delimiter(*bytes)) {
    return std::unexpected(Refusal{"a delimiter has 1 to 64 bytes",
                                   "write it after the =, as in delimiter=%00 or delimiter=--"});
  }
  framing.delimiter = std::move(*bytes);
  return {};
}

std::string delimiter_text(const Framing& framing) {
  return net::percent_encode(framing.delimiter, kReserved);
}

}  // namespace hotline::framing

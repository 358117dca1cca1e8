#include "framing/fixed_length.h"

#include <cassert>
#include <charconv>

#include "framing/outcome.h"

namespace hotline::framing {

Decoded decode_fixed(Bytes input, std::size_t fixed_bytes, std::size_t length_max) {
  assert(fixed_bytes > 0 && "Framing::fixed_bytes must be 1 or more");
  return input.empty() ? more(fixed_bytes) : frame_of_length(input, 0, fixed_bytes, length_max);
}

Refusal refuse_fixed(const Framing& framing, std::size_t size) {
  return {"it has " + std::to_string(size) + " bytes, and the framing says " +
              std::to_string(framing.fixed_bytes),
          "fill it up, or take a framing with lengths, as u32be"};
}

std::expected<void, Refusal> take_fixed(Framing& framing, std::string_view value) {
  const char* const value_end = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), value_end, framing.fixed_bytes);
  if (error == std::errc() && end == value_end && framing.fixed_bytes > 0) return {};
  return std::unexpected(
      Refusal{"its length is not a number of bytes, 1 or more", "write it as fixed=512"});
}

std::string fixed_text(const Framing& framing) { return std::to_string(framing.fixed_bytes); }

}  // namespace hotline::framing

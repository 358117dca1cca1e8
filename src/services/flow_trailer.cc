#include "services/flow_trailer.h"

#include <array>
#include <bit>

#include "hotline/core/byte_order.h"

namespace hotline::services {
namespace {

constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);

template <std::size_t kCount>
std::string encode_numbers(const std::array<std::uint64_t, kCount>& numbers) {
  std::array<std::byte, kCount * kNumberBytes> bytes;
  std::byte* at = bytes.data();
  for (const std::uint64_t each : numbers) at += store_number<std::endian::big>(each, at);
  return std::string(as_text(bytes));
}

std::uint64_t decode_number(Bytes bytes, std::size_t index) {
  return load_number<std::endian::big, std::uint64_t>(bytes.data() + index * kNumberBytes);
}

std::unexpected<CommandFault> wrong_size(std::string_view flow) {
  return std::unexpected(
      CommandFault{.text = "the trailer of " + std::string(flow) + " has a wrong size"});
}

}  // namespace

std::string encode_trailer(const OutputTrailer& trailer) {
  return encode_numbers<3>({trailer.flow, trailer.whole, trailer.dropped});
}

std::string encode_trailer(const InputTrailer& trailer) {
  if (!trailer.whole) return encode_numbers<1>({trailer.flow});
  return encode_numbers<2>({trailer.flow, *trailer.whole});
}

std::expected<OutputTrailer, CommandFault> decode_output_trailer(Bytes trailer) {
  if (trailer.size() != OutputTrailer::kBytes) return wrong_size("an output");
  return OutputTrailer{.flow = decode_number(trailer, 0),
                       .whole = decode_number(trailer, 1),
                       .dropped = decode_number(trailer, 2)};
}

std::expected<InputTrailer, CommandFault> decode_input_trailer(Bytes trailer) {
  if (trailer.size() == InputTrailer::kBytesMin) {
    return InputTrailer{.flow = decode_number(trailer, 0)};
  }
  if (trailer.size() != InputTrailer::kBytesMax) return wrong_size("the input");
  return InputTrailer{.flow = decode_number(trailer, 0), .whole = decode_number(trailer, 1)};
}

}  // namespace hotline::services

#include <cstdint>
#include <cstdlib>
#include <span>

#include "hotline/core/bytes.h"

// Any bytes are shown as printable ASCII on one line, with at most four characters for each byte.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hotline::Bytes bytes = std::as_bytes(std::span(data, size));
  const std::size_t shown_max = size == 0 ? 0 : data[0];
  for (const std::size_t input_bytes_max : {shown_max, size}) {
    const std::string text = hotline::escape(bytes, input_bytes_max);
    if (text.size() > 4 * input_bytes_max + 40) std::abort();
    for (const char c : text) {
      if (c < 0x20 || c > 0x7e) std::abort();
    }
  }
  return 0;
}

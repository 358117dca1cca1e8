#include "hotline/services/file_content.h"

#include <algorithm>

namespace hotline {

ContentSource content_of(Bytes bytes) {
  return {.next = [bytes](std::uint64_t offset) -> Result<ContentPiece> {
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    return ContentPiece{.bytes = bytes.subspan(from)};
  }};
}

}  // namespace hotline

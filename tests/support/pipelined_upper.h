#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hotline/server/handler.h"
#include "support/frame_feed.h"

namespace hotline::test {

/// Changes a message in place.
inline Reply upper(const Message& message) {
  for (std::byte& byte : message.bytes()) {
    const bool is_lower = byte >= std::byte{'a'} && byte <= std::byte{'z'};
    if (is_lower) byte ^= std::byte{0x20};
  }
  return Reply::in_place(message);
}

}  // namespace hotline::test

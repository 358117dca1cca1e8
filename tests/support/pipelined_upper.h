#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hotline/server/handler.h"

namespace hotline::test {

/// The framings in which messages can be sent ahead.
inline const std::vector<std::string> kPipelined = {"lines",        "u16be",  "u32be",     "u32le",
                                                    "i32le",        "varint", "netstring", "mp",
                                                    "delimiter=--", "fixed=5"};

/// Changes a message in place.
inline Reply upper(const Message& message) {
  for (std::byte& byte : message.bytes()) {
    const bool is_lower = byte >= std::byte{'a'} && byte <= std::byte{'z'};
    if (is_lower) byte ^= std::byte{0x20};
  }
  return Reply::in_place(message);
}

}  // namespace hotline::test

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"

// What fuzzers of a service's wire share.

namespace hotline::test {

/// Ends the program, with `what`, if it does not hold.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Requires that `text` describes a fault.
inline void require_text(std::string_view text) {
  require(!text.empty(), "a fault has a text");
  for (const char c : text) require(c >= 0x20 && c < 0x7f, "the text of a fault is ASCII");
}

/// The values of the input, one after another, and then zeros.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}

  bool is_empty() const { return bytes_.empty(); }

  unsigned number(unsigned bound) {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned>(bytes_.front());
    bytes_ = bytes_.subspan(1);
    return value % bound;
  }

  std::string text(std::size_t size) {
    const Bytes taken = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return std::string(as_text(taken));
  }

 private:
  Bytes bytes_;
};

}  // namespace hotline::test

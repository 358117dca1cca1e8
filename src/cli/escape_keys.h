#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Finds the escapes among the keys that a user types for a remote terminal. At the beginning of a
/// line `~.`, `~^Z` and `~?` are for this program, and `~~` stands for `~`. All other keys, and
/// another one after `~`, are for the remote program.
class EscapeKeys {
 public:
  enum class Escape : std::uint8_t {
    none,
    leave,  ///< `~.`
    stop,   ///< `~^Z`
    help,   ///< `~?`
  };

  /// What take() has taken.
  struct Taken {
    std::string keys{};  ///< For the remote program.
    Escape escape = Escape::none;
    std::size_t size = 0;  ///< How many bytes of those that were typed.
  };

  /// Takes keys up to the end of the first escape, or all. A `~` that begins a line is held back
  /// until the next key.
  Taken take(Bytes typed);

 private:
  enum class At : std::uint8_t { line_begin, tilde, within_line };

  At at_ = At::line_begin;
};

}  // namespace hotline::cli

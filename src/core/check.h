#pragma once

#include <string_view>

namespace hotline {

/// Prints `sentence` to standard error and aborts.
[[noreturn, gnu::cold, gnu::noinline]] void stop_for_misuse(std::string_view sentence) noexcept;

/// Holds callers to a contract, in release builds too: unless `is_kept`, the program ends with
/// `sentence`, which says what was done wrong and what to do. For contracts whose check costs
/// nothing measurable; assert() is for the others.
inline void check_use(bool is_kept, std::string_view sentence) noexcept {
  if (!is_kept) [[unlikely]]
    stop_for_misuse(sentence);
}

}  // namespace hotline

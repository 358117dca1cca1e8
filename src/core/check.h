#pragma once

#include <string_view>

namespace hotline {

/// Prints `sentence` to standard error and aborts.
[[noreturn, gnu::cold, gnu::noinline]] void stop_for_misuse(std::string_view sentence) noexcept;

/// Enforces a contract, in release builds too: if `is_kept` is false, the program aborts with
/// `sentence`, which says what the caller did wrong and what to do instead. Use it where the check
/// costs nothing measurable, and assert() elsewhere.
inline void check_use(bool is_kept, std::string_view sentence) noexcept {
  if (!is_kept) [[unlikely]]
    stop_for_misuse(sentence);
}

}  // namespace hotline

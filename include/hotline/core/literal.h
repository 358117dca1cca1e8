#pragma once

#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Text that lives as long as the program: a string literal or another constant. Nothing else
/// converts to it, so that it can be kept without a copy.
class Literal {
 public:
  consteval Literal(const char* text) : text_(text) {}  // NOLINT: to be written in place
  consteval Literal(std::string_view text) : text_(text) {}

  /// A std::string does not live as long as the program.
  Literal(const std::string& text) = delete;

  constexpr operator std::string_view() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace hotline

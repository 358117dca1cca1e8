#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hotline/core/error.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// One member of a closed set, as people write it: a transport, a framing, a wire. Help,
/// completions and error texts are made of these. All text is static.
struct Choice {
  std::string_view name;     ///< `fixed`
  std::string_view form;     ///< How it is written, with what must follow it: `fixed=N`.
  std::string_view summary;  ///< What it means, in one line without a full stop.

  bool operator==(const Choice&) const = default;
};

/// Returns `words` in one line: `tcp, udp and unix`. `conjunction` precedes the last one.
std::string list_words(std::span<const std::string> words, std::string_view conjunction = "and");

/// Returns the names of `choices` in one line: `tcp, udp and unix`. `conjunction` precedes the last
/// one.
std::string list_names(std::span<const Choice> choices, std::string_view conjunction = "and");

/// Returns the forms of `choices` in the same way: `lines, fixed=N and mp`.
std::string list_forms(std::span<const Choice> choices, std::string_view conjunction = "and");

/// Returns the `invalid_argument` for a word that is the name of none of `choices`: `there is no
/// wire 'x'`. The hint names the nearest, and all of them.
Error unknown_choice(std::string_view noun, std::string_view word, std::span<const Choice> choices);

}  // namespace hotline

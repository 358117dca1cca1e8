#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the one of `names` that `word` was probably meant to be, or an empty string: at most a
/// third of its letters are wrong, missing or extra.
std::string nearest_name(std::string_view word, std::span<const std::string> names);

/// Returns `did you mean 'upper'? ` if there is a nearest name, otherwise an empty string.
std::string did_you_mean(std::string_view word, std::span<const std::string> names);

}  // namespace hotline

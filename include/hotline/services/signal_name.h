#pragma once

#include <optional>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the standard name of a signal without `SIG`: `TERM`. Returns an empty string if there is
/// none, as for real-time signals.
std::string_view signal_name(int number);

/// Returns the number of the signal with that standard name, such as `TERM` or `SIGTERM`, in upper
/// case. Returns nullopt if there is none.
std::optional<int> signal_number(std::string_view name);

}  // namespace hotline

#pragma once

#include <expected>
#include <utility>

#include "hotline/core/error.h"

namespace hotline {

/// A value, or the Error that prevented it. Failures are returned, never thrown.
template <typename T>
using Result = std::expected<T, Error>;

/// Returns `error` in a form that converts to any Result: `return fail(error);`.
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace hotline

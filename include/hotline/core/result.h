#pragma once

#include <expected>
#include <utility>

#include "hotline/core/error.h"

namespace hotline {

/// A value, or the Error that stood in its way. Failure is never thrown.
template <typename T>
using Result = std::expected<T, Error>;

/// An Error on its way into a Result: `return fail(error);`.
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace hotline

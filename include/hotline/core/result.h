#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "hotline/core/bad_result_access.h"
#include "hotline/core/error.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A value, or the Error that prevented it. Failures are returned, never thrown. The compiler warns
/// if a result is ignored: use discard() to ignore one on purpose.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;

  /// Converts from std::expected, which the monadic operations (and_then, transform, ...) return.
  Result(std::expected<T, Error> other) : std::expected<T, Error>(std::move(other)) {}

  /// Returns the value, for programs that do not handle the error. Throws a BadResultAccess, which
  /// has the message and the hint of the error as its text, if there is no value.
  std::add_lvalue_reference_t<T> value() & {
    check();
    return **this;
  }
  std::add_lvalue_reference_t<const T> value() const& {
    check();
    return **this;
  }
  std::add_rvalue_reference_t<T> value() && {
    check();
    return *static_cast<std::expected<T, Error>&&>(*this);
  }

 private:
  void check() const {
    if (!this->has_value()) throw_bad_access(this->error());
  }
};

/// Returns `error` in a form that converts to any Result: `return fail(error);`.
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

/// Drops a result whose failure changes nothing here.
template <typename T>
void discard(const Result<T>& result) {
  static_cast<void>(result);
}

}  // namespace hotline

#pragma once

#include <expected>
#include <string>

#include "hotline/core/error.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// What Result::value() throws if there is no value. A program that does not catch it ends with the
/// text of the error on standard error.
class BadResultAccess : public std::bad_expected_access<Error> {
 public:
  explicit BadResultAccess(Error error);

  /// Returns the message of the error and, if it has a hint, `; hint: ` and the hint.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// Throws a BadResultAccess with a copy of `error`.
[[noreturn]] void throw_bad_access(const Error& error);

}  // namespace hotline

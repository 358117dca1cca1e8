#pragma once

#include <exception>
#include <string>
#include <utility>

#include "hotline/core/error.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// What a handler of streams throws to end a call because of what the caller sent. The connection
/// is reset, and the log gets the error as a warning. The call does not count as a failure of the
/// handler.
///
///     if (!is_known(command)) {
///       throw CallRefused(make_error(ErrorKind::protocol_violation, {}, {}, "unknown command"));
///     }
class CallRefused final : public std::exception {
 public:
  /// The kind of `error` should be `protocol_violation`, `too_large` or `resource_exhausted`: the
  /// end of the call is then logged as a warning, and with any other kind at level debug.
  explicit CallRefused(Error error) : error_(std::move(error)), message_(error_.message()) {}

  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Error error_;
  std::string message_;
};

}  // namespace hotline

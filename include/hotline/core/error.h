#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hotline {

/// What went wrong, as far as a caller can act on it. The native code keeps the rest.
enum class ErrorKind : std::uint8_t {
  none,                   ///< Nothing: a stream that has not ended has this as its end.
  closed,                 ///< The peer closed in an orderly way, between two reads.
  reset,                  ///< The peer, or something between, broke the connection off.
  truncated,              ///< The peer closed in the middle of what was to be read.
  timed_out,              ///< A deadline of ours passed first; waiting again may succeed.
  unresponsive,           ///< The kernel gave the peer up: it acknowledged nothing for too long.
  cancelled,              ///< Whoever owns this work asked it to end.
  draining,               ///< The server is finishing, and nothing was pending.
  refused,                ///< Nobody listens there.
  unreachable,            ///< No route, or no such host.
  address_in_use,         ///< Somebody else is bound there.
  address_not_available,  ///< No interface of this machine has that address.
  permission_denied,      ///< The system forbids it.
  not_found,              ///< No such path or name.
  resource_exhausted,     ///< Descriptors, memory or a limit of ours ran out.
  invalid_argument,       ///< The caller's words are wrong: an endpoint, an option, a number.
  unsupported,            ///< This kernel, engine or transport cannot do that.
  too_large,              ///< Over a `*_max`.
  protocol_violation,     ///< The peer sent what its protocol does not allow.
  system,                 ///< Anything else: see native_code.
};

/// The kind's name as it stands in logs and JSON: `timed_out`.
std::string_view name_of(ErrorKind kind);

/// A failure, as a value. Text is built only when it is asked for.
struct Error {
  ErrorKind kind = ErrorKind::none;
  int native_code = 0;  ///< errno, or 0 where no system call failed.
  std::string_view
      operation;         ///< What was tried, a literal that reads after "cannot": "connect to".
  std::string endpoint;  ///< Where, as text; may be empty.
  std::string detail;    ///< What failed, where the native code does not say it; may be empty.
  std::string advice;    ///< What to do about it; may be empty: then hint() has a general one.

  /// One line: `cannot connect to tcp://127.0.0.1:9: connection refused`.
  std::string message() const;

  /// What to do about it, one line without the word "hint"; empty if there is nothing to say.
  std::string hint() const;
};

/// The kind of an errno value. The one place where errno is translated.
ErrorKind kind_of_native_code(int native_code);

/// A failed system call as an Error. `operation` must be a literal.
Error system_error(int native_code, std::string_view operation, std::string endpoint = {});

/// A failure that no system call reported. `operation` must be a literal.
Error make_error(ErrorKind kind, std::string_view operation, std::string endpoint,
                 std::string detail, std::string advice = {});

}  // namespace hotline

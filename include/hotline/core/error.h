#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The kind of a failure. Kinds are distinguished only where a caller can act differently;
/// Error::native_code has the errno.
enum class ErrorKind : std::uint8_t {
  closed,          ///< The peer closed the connection in order, between two messages or reads.
  reset,           ///< The peer, or something on the way to it, broke the connection off.
  truncated,       ///< The peer closed the connection in the middle of what was being read, or a
                   ///< file ended before all that was to be sent of it.
  timed_out,       ///< A deadline of this program passed; waiting again may succeed.
  unresponsive,    ///< The kernel gave up on the peer, which acknowledged nothing for too long.
  cancelled,       ///< The owner of this work cancelled it.
  draining,        ///< The server is draining, and nothing was pending.
  refused,         ///< No process listens at that address.
  unreachable,     ///< No route, or no such host.
  address_in_use,  ///< Another socket is bound to that address.
  address_not_available,  ///< This machine has no interface with that address.
  permission_denied,      ///< The system does not permit it.
  not_found,              ///< The path or name does not exist.
  resource_exhausted,     ///< Descriptors or memory ran out, or a limit of the library was reached.
  invalid_argument,       ///< The caller passed an invalid endpoint, option or number.
  unsupported,            ///< This kernel, engine or transport cannot do it.
  too_large,              ///< A limit on a size was exceeded, such as Framing::frame_max.
  protocol_violation,     ///< The peer sent what its protocol does not allow.
  system,                 ///< Any other failure: see native_code.
};

/// Returns the name of the kind as logs and JSON show it: `timed_out`.
std::string_view name_of(ErrorKind kind);

/// A failure, as a value. Its text is built only on request.
struct Error {
  ErrorKind kind = ErrorKind::system;
  int native_code = 0;         ///< errno; 0 if no system call failed.
  std::string_view operation;  ///< What was attempted: a literal that reads well after "cannot",
                               ///< such as "connect to".
  std::string endpoint;        ///< Where, as text; may be empty.
  std::string detail;          ///< What failed, if the native code does not say it; may be empty.
  std::string advice;  ///< What to do about it; may be empty, and then hint() gives general advice.

  /// Returns one line: `cannot connect to tcp://127.0.0.1:9: connection refused`.
  std::string message() const;

  /// Returns one line of advice without the word "hint", or an empty string if there is none.
  std::string hint() const;

  /// Returns message() and, if there is a hint, `; hint: ` and the hint: for logs and exceptions,
  /// which have one line.
  std::string message_with_hint() const;

  bool operator==(const Error&) const = default;
};

/// Returns the kind of an errno value. Nothing else in the library translates errno.
ErrorKind kind_of_native_code(int native_code);

/// Returns the Error of a failed system call. `operation` must be a literal.
Error system_error(int native_code, std::string_view operation, std::string endpoint = {});

/// Same as system_error(), for a file or directory: the hint is about paths, not sockets.
Error file_error(int native_code, std::string_view operation, std::string path);

/// Returns the Error of a failure that no system call reported. `operation` must be a literal.
Error make_error(ErrorKind kind, std::string_view operation, std::string endpoint,
                 std::string detail, std::string advice = {});

}  // namespace hotline

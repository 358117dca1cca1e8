#include "hotline/core/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace hotline {
namespace {

std::string_view phrase_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::closed: return "the peer closed the connection";
    case ErrorKind::reset: return "the peer reset the connection";
    case ErrorKind::truncated: return "the peer closed in the middle of a message";
    case ErrorKind::timed_out: return "timed out";
    case ErrorKind::unresponsive: return "the peer's machine does not answer";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::draining: return "the server is draining";
    case ErrorKind::refused: return "connection refused";
    case ErrorKind::unreachable: return "unreachable";
    case ErrorKind::address_in_use: return "address already in use";
    case ErrorKind::address_not_available: return "no interface of this machine has that address";
    case ErrorKind::permission_denied: return "permission denied";
    case ErrorKind::not_found: return "not found";
    case ErrorKind::resource_exhausted: return "out of resources";
    case ErrorKind::invalid_argument: return "invalid argument";
    case ErrorKind::unsupported: return "not supported here";
    case ErrorKind::too_large: return "too large";
    case ErrorKind::protocol_violation: return "the peer violates the protocol";
    case ErrorKind::system: return "system error";
  }
  return "unknown error";
}

std::string_view general_hint(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::refused: return "is the server running, and on that port?";
    case ErrorKind::address_in_use:
      return "another program is bound there: stop it, or use another port (0: any free port)";
    case ErrorKind::address_not_available:
      return "see the addresses of this machine with 'ip address'";
    case ErrorKind::permission_denied:
      return "ports below 1024 and paths of other users need privileges";
    case ErrorKind::unreachable: return "check the name, the address and the network";
    case ErrorKind::not_found: return "check the spelling, and that the server is running";
    case ErrorKind::resource_exhausted:
      return "raise the limit ('ulimit -n'), or lower --max-connections";
    case ErrorKind::timed_out: return "is the peer alive, and does it expect what was sent?";
    case ErrorKind::unresponsive: return "is the machine up, and does a firewall drop packets?";
    default: return {};
  }
}

/// The general hints are about sockets.
std::string_view hint_on_file(int native_code) {
  switch (native_code) {
    case ENOENT:
    case ENOTDIR: return "check the path";
    case EACCES:
    case EPERM: return "does this user have access to it, and to the directories above it?";
    case EROFS:
    case EDQUOT:
    case ENOSPC: return "is there room on the disk, and may this user write there?";
    default: return {};
  }
}

}  // namespace

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::closed: return "closed";
    case ErrorKind::reset: return "reset";
    case ErrorKind::truncated: return "truncated";
    case ErrorKind::timed_out: return "timed_out";
    case ErrorKind::unresponsive: return "unresponsive";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::draining: return "draining";
    case ErrorKind::refused: return "refused";
    case ErrorKind::unreachable: return "unreachable";
    case ErrorKind::address_in_use: return "address_in_use";
    case ErrorKind::address_not_available: return "address_not_available";
    case ErrorKind::permission_denied: return "permission_denied";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::resource_exhausted: return "resource_exhausted";
    case ErrorKind::invalid_argument: return "invalid_argument";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::protocol_violation: return "protocol_violation";
    case ErrorKind::system: return "system";
  }
  return "unknown";
}

ErrorKind kind_of_native_code(int native_code) {
  switch (native_code) {
    case ECONNRESET:  // The peer sent a reset.
    case EPIPE:       // We wrote after the peer closed, or after we shut down our own writes.
    case ECONNABORTED:
    case ENOTCONN:  // The connection ended before we asked about it.
      return ErrorKind::reset;
    case ETIMEDOUT: return ErrorKind::unresponsive;
    case ECANCELED: return ErrorKind::cancelled;
    case ECONNREFUSED: return ErrorKind::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return ErrorKind::unreachable;
    case EADDRINUSE: return ErrorKind::address_in_use;
    case EADDRNOTAVAIL: return ErrorKind::address_not_available;
    case EACCES:
    case EPERM: return ErrorKind::permission_denied;
    case ENOENT:
    case ENOTDIR: return ErrorKind::not_found;
    case EMFILE:  // The process has no descriptor left.
    case ENFILE:  // The machine has no descriptor left.
    case ENOBUFS:
    case ETOOMANYREFS:  // More descriptors are in transit through sockets than may be open.
    case ENOMEM:
    case ENOSPC: return ErrorKind::resource_exhausted;
    case EINVAL:
    case EBADF:
    case ENAMETOOLONG: return ErrorKind::invalid_argument;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
    case ENOSYS: return ErrorKind::unsupported;
    case E2BIG:
    case EMSGSIZE: return ErrorKind::too_large;
    default: return ErrorKind::system;
  }
}

std::string Error::message() const {
  std::string text;
  if (!operation.empty()) text.append("cannot ").append(operation);
  if (!endpoint.empty()) text.append(text.empty() ? "" : " ").append(endpoint);
  if (!text.empty()) text += ": ";
  if (!detail.empty()) return text += detail;
  // strerrordesc_np needs no locale and no buffer, unlike strerror.
  const char* described = kind == ErrorKind::system ? strerrordesc_np(native_code) : nullptr;
  return text += described != nullptr ? std::string_view(described) : phrase_of(kind);
}

std::string Error::hint() const {
  return advice.empty() ? std::string(general_hint(kind)) : advice;
}

std::string Error::message_with_hint() const {
  const std::string advised = hint();
  return advised.empty() ? message() : message() + "; hint: " + advised;
}

Error system_error(int native_code, std::string_view operation, std::string endpoint) {
  return {kind_of_native_code(native_code), native_code, operation, std::move(endpoint), {}, {}};
}

Error file_error(int native_code, std::string_view operation, std::string path) {
  Error error = system_error(native_code, operation, std::move(path));
  error.advice = hint_on_file(native_code);
  return error;
}

Error make_error(ErrorKind kind, std::string_view operation, std::string endpoint,
                 std::string detail, std::string advice) {
  return {kind, 0, operation, std::move(endpoint), std::move(detail), std::move(advice)};
}

}  // namespace hotline

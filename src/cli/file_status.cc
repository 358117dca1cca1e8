#include "cli/file_status.h"

#include <cerrno>

#include "cli/report.h"

namespace hotline::cli {
namespace {

ExitStatus status_of_answer(FileErrorCode code) {
  switch (code) {
    case FileErrorCode::changed:
    case FileErrorCode::integrity: return ExitStatus::changed;
    case FileErrorCode::storage:
    case FileErrorCode::taken_over:
    case FileErrorCode::busy: return ExitStatus::failed;
    case FileErrorCode::stalled: return ExitStatus::timed_out;
    case FileErrorCode::draining: return ExitStatus::unreachable;
    default: return ExitStatus::denied;
  }
}

}  // namespace

ExitStatus status_of_file_failure(const FileFailure& failure, bool has_connected) {
  if (failure.answer) return status_of_answer(failure.answer->code);
  if (failure.native_code == EEXIST) return ExitStatus::denied;
  switch (failure.kind) {
    case ErrorKind::protocol_violation: return ExitStatus::wrong_peer;
    case ErrorKind::closed:
    case ErrorKind::reset:
    case ErrorKind::truncated:
    case ErrorKind::draining: {
      const bool is_lost = has_connected || failure.is_retryable;
      return is_lost ? ExitStatus::unreachable : ExitStatus::not_accepted;
    }
    case ErrorKind::permission_denied:
      return failure.native_code == 0 ? ExitStatus::not_accepted : ExitStatus::failed;
    default: break;
  }
  // Only a failure of the connection is retryable without an answer.
  if (failure.is_retryable) return status_of_connect(failure);
  if (failure.native_code != 0 && has_connected) return ExitStatus::failed;
  return has_connected && failure.kind == ErrorKind::invalid_argument ? ExitStatus::failed
                                                                      : status_of_connect(failure);
}

bool is_server_lost(const FileFailure& failure, bool has_connected) {
  if (failure.answer) return failure.answer->code == FileErrorCode::draining;
  switch (status_of_file_failure(failure, has_connected)) {
    case ExitStatus::not_accepted:
    case ExitStatus::unreachable:
    case ExitStatus::timed_out: return true;
    case ExitStatus::usage:
    case ExitStatus::wrong_peer: return !has_connected;
    default: return false;
  }
}

}  // namespace hotline::cli

#include "cli/file_status.h"

#include <cerrno>

#include <doctest/doctest.h>

namespace hotline::cli::file_status_test {
namespace {

FileFailure answered(FileErrorCode code) {
  return {make_error(ErrorKind::system, {}, {}, {}), FileError{.code = code}, false};
}

ExitStatus of_kind(ErrorKind kind) {
  return status_of_file_failure(FileFailure(make_error(kind, {}, {}, {})), true);
}

}  // namespace

TEST_CASE("an answer of the server decides the status") {
  CHECK(status_of_file_failure(answered(FileErrorCode::changed), true) == ExitStatus::changed);
  CHECK(status_of_file_failure(answered(FileErrorCode::integrity), true) == ExitStatus::changed);
  CHECK(status_of_file_failure(answered(FileErrorCode::exists), true) == ExitStatus::denied);
  CHECK(status_of_file_failure(answered(FileErrorCode::not_found), true) == ExitStatus::denied);
  CHECK(status_of_file_failure(answered(FileErrorCode::quota_bytes), true) == ExitStatus::denied);
  CHECK(status_of_file_failure(answered(FileErrorCode::draining), true) == ExitStatus::unreachable);
  CHECK(status_of_file_failure(answered(FileErrorCode::stalled), true) == ExitStatus::timed_out);
  CHECK(status_of_file_failure(answered(FileErrorCode::storage), true) == ExitStatus::failed);
}

TEST_CASE("without an answer the kind of the failure does") {
  CHECK(of_kind(ErrorKind::protocol_violation) == ExitStatus::wrong_peer);
  CHECK(of_kind(ErrorKind::truncated) == ExitStatus::unreachable);
  CHECK(of_kind(ErrorKind::timed_out) == ExitStatus::timed_out);
  CHECK(of_kind(ErrorKind::invalid_argument) == ExitStatus::failed);
  const FileFailure exists(system_error(EEXIST, "get a file to"));
  CHECK(status_of_file_failure(exists, true) == ExitStatus::denied);
  const FileFailure gone(system_error(ECONNREFUSED, "connect"), std::nullopt, true);
  CHECK(status_of_file_failure(gone, true) == ExitStatus::unreachable);
  const FileFailure full(system_error(ENOSPC, "write"));
  CHECK(status_of_file_failure(full, true) == ExitStatus::failed);
}

TEST_CASE(
    "a server that hangs up at once does not accept the caller, unless it may be tried again") {
  const FileFailure closed(make_error(ErrorKind::closed, {}, {}, {}));
  CHECK(status_of_file_failure(closed, false) == ExitStatus::not_accepted);
  const FileFailure once(make_error(ErrorKind::reset, {}, {}, {}), std::nullopt, true);
  CHECK(status_of_file_failure(once, false) == ExitStatus::unreachable);
  const FileFailure refused(make_error(ErrorKind::refused, {}, {}, {}));
  CHECK(status_of_file_failure(refused, false) == ExitStatus::unreachable);
}

TEST_CASE("a server is lost where nothing else can succeed either") {
  const auto is_lost = [](ErrorKind kind, bool has_connected) {
    return is_server_lost(FileFailure(make_error(kind, {}, {}, {})), has_connected);
  };
  for (const bool has_connected : {false, true}) {
    CHECK(is_lost(ErrorKind::refused, has_connected));
    CHECK(is_lost(ErrorKind::reset, has_connected));
    CHECK(is_lost(ErrorKind::permission_denied, has_connected));
    CHECK_FALSE(is_server_lost(answered(FileErrorCode::exists), has_connected));
    CHECK_FALSE(is_server_lost(answered(FileErrorCode::stalled), has_connected));
    CHECK(is_server_lost(answered(FileErrorCode::draining), has_connected));
  }
  CHECK(is_lost(ErrorKind::protocol_violation, false));
  // It may be about one file.
  CHECK_FALSE(is_lost(ErrorKind::protocol_violation, true));
  CHECK_FALSE(is_server_lost(FileFailure(system_error(ENOSPC, "write")), true));
}

}  // namespace hotline::cli::file_status_test

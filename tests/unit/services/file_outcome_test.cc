#include "services/file_outcome.h"

#include <doctest/doctest.h>

#include <cerrno>

namespace hotline::services::file_outcome_test {
namespace {

FileError after(int native_code) {
  return file_error_of(system_error(native_code, "open", "/srv/files/homes/alice/a"));
}

TEST_CASE("a way out of the home, a link and a missing name look the same to a client") {
  CHECK(after(EXDEV) == after(ENOENT));
  CHECK(after(ELOOP) == after(ENOENT));
  CHECK(after(ENOENT).code == FileErrorCode::not_found);
}

TEST_CASE("failures of the storage have codes of their own and show no path of the server") {
  CHECK(after(EEXIST).code == FileErrorCode::exists);
  CHECK(after(EISDIR).code == FileErrorCode::not_a_file);
  CHECK(after(EINVAL).code == FileErrorCode::not_a_file);
  CHECK(after(ENOTDIR).code == FileErrorCode::not_a_directory);
  CHECK(after(ENOTEMPTY).code == FileErrorCode::not_empty);
  CHECK(after(ENAMETOOLONG).code == FileErrorCode::bad_name);
  CHECK(after(ENOSPC).code == FileErrorCode::no_space);
  CHECK(after(EDQUOT).code == FileErrorCode::no_space);
  CHECK(after(EIO).code == FileErrorCode::storage);
  CHECK(after(EBADF).code == FileErrorCode::storage);
  for (int code = 1; code < 134; ++code) {
    CHECK(after(code).text.find("/srv") == std::string::npos);
    CHECK(after(code).is_retryable == (after(code).code == FileErrorCode::busy));
  }
}

TEST_CASE("failures without an error number say if the request may be tried again") {
  const auto of = [](ErrorKind kind) { return file_error_of(make_error(kind, "read", "", "")); };
  CHECK(of(ErrorKind::cancelled).code == FileErrorCode::draining);
  CHECK(of(ErrorKind::cancelled).is_retryable);
  CHECK(of(ErrorKind::timed_out).code == FileErrorCode::busy);
  CHECK(of(ErrorKind::invalid_argument).code == FileErrorCode::not_a_file);
  CHECK(of(ErrorKind::system).code == FileErrorCode::storage);
  CHECK_FALSE(of(ErrorKind::system).is_retryable);
}

TEST_CASE("a wait that was ended is not a failure of the disk") {
  CHECK_FALSE(is_disk_failure(make_error(ErrorKind::cancelled, "sync", "", "")));
  CHECK_FALSE(is_disk_failure(make_error(ErrorKind::timed_out, "sync", "", "")));
  CHECK(is_disk_failure(system_error(EIO, "sync")));
  CHECK(is_disk_failure(system_error(ENOSPC, "sync")));
}

TEST_CASE("a refusal has its code, text and number") {
  const FileOutcome<int> outcome = refuse(FileErrorCode::too_large, "no", 7);
  CHECK(outcome.error() == FileError{.code = FileErrorCode::too_large, .detail = 7, .text = "no"});
}

TEST_CASE("what cannot be read keeps a code that is apt for it, and its reason") {
  const auto read = [](FileErrorCode code, std::string_view text) {
    return cannot_read("the share 'a'", refuse(code, text).error());
  };
  CHECK(read(FileErrorCode::busy, "").code == FileErrorCode::busy);
  CHECK(read(FileErrorCode::not_permitted, "").code == FileErrorCode::not_permitted);
  CHECK(read(FileErrorCode::not_found, "").code == FileErrorCode::storage);
  CHECK(read(FileErrorCode::storage, "").text == "the share 'a' cannot be read");
  CHECK(read(FileErrorCode::storage, "no").text == "the share 'a' cannot be read: no");
}

TEST_CASE("there is no directory where nothing is, or something else") {
  CHECK(is_no_directory(after(ENOENT)));
  CHECK(is_no_directory(after(ENOTDIR)));
  CHECK_FALSE(is_no_directory(after(EACCES)));
}

}  // namespace
}  // namespace hotline::services::file_outcome_test

#include "services/file_outcome.h"

#include <cerrno>
#include <utility>

namespace hotline::services {
namespace {

struct StorageRow {
  int native_code;
  FileErrorCode code;
  std::string_view text;
};

// EXDEV and ELOOP are what openat2(2) answers to a way out and to a link: the caller learns as much
// as from a name that does not exist.
constexpr StorageRow kStorageRows[] = {
    {ENOENT, FileErrorCode::not_found, {}},
    {EXDEV, FileErrorCode::not_found, {}},
    {ELOOP, FileErrorCode::not_found, {}},
    {EEXIST, FileErrorCode::exists, {}},
    {EISDIR, FileErrorCode::not_a_file, {}},
    {ENXIO, FileErrorCode::not_a_file, {}},
    {EINVAL, FileErrorCode::not_a_file, {}},
    {ENOTDIR, FileErrorCode::not_a_directory, {}},
    {ENOTEMPTY, FileErrorCode::not_empty, {}},
    {ENAMETOOLONG, FileErrorCode::bad_name, "the name is too long for the disk"},
    {EILSEQ, FileErrorCode::bad_name, "the disk does not take the name"},
    {ENOSPC, FileErrorCode::no_space, {}},
    {EDQUOT, FileErrorCode::no_space, "the quota of the server's own disk is used up"},
    {EFBIG, FileErrorCode::no_space, "the disk takes no file of that size"},
    {EMLINK, FileErrorCode::no_space, "the directory takes no more directories"},
    {EACCES, FileErrorCode::not_permitted, "the server has no access to it"},
    {EPERM, FileErrorCode::not_permitted, "the server may not change it"},
    {EROFS, FileErrorCode::storage, "the disk is read-only"},
    {EMFILE, FileErrorCode::busy, "the server has no descriptors left"},
    {ENFILE, FileErrorCode::busy, "the server has no descriptors left"},
    {ENOMEM, FileErrorCode::busy, "the server has no memory left"},
    {EAGAIN, FileErrorCode::busy, {}},
};

FileError make_file_error(FileErrorCode code, std::string_view text) {
  return {.code = code,
          .is_retryable = code == FileErrorCode::busy || code == FileErrorCode::draining,
          .text = std::string(text)};
}

FileError error_without_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::cancelled:
    case ErrorKind::draining: return make_file_error(FileErrorCode::draining, {});
    case ErrorKind::timed_out:
    case ErrorKind::resource_exhausted: return make_file_error(FileErrorCode::busy, {});
    case ErrorKind::not_found: return make_file_error(FileErrorCode::not_found, {});
    case ErrorKind::invalid_argument: return make_file_error(FileErrorCode::not_a_file, {});
    case ErrorKind::unsupported: return make_file_error(FileErrorCode::unsupported, {});
    default: return make_file_error(FileErrorCode::storage, {});
  }
}

}  // namespace

std::unexpected<FileError> refuse(FileErrorCode code, std::string_view text, std::uint64_t detail) {
  FileError error = make_file_error(code, text);
  error.detail = detail;
  return std::unexpected(std::move(error));
}

FileError file_error_of(const Error& error) {
  for (const StorageRow& row : kStorageRows) {
    if (row.native_code == error.native_code) return make_file_error(row.code, row.text);
  }
  if (error.native_code != 0) return make_file_error(FileErrorCode::storage, {});
  return error_without_code(error.kind);
}

bool may_pass(const Error& error) { return file_error_of(error).is_retryable; }

bool is_no_directory(const FileError& error) {
  return error.code == FileErrorCode::not_found || error.code == FileErrorCode::not_a_directory;
}

FileError cannot_read(std::string_view what, const FileError& error) {
  const bool is_apt =
      error.code == FileErrorCode::busy || error.code == FileErrorCode::not_permitted;
  std::string text = std::string(what) + " cannot be read";
  if (!error.text.empty()) text += ": " + error.text;
  return refuse(is_apt ? error.code : FileErrorCode::storage, text).error();
}

bool is_disk_failure(const Error& error) {
  return error.kind != ErrorKind::cancelled && error.kind != ErrorKind::timed_out;
}

std::unexpected<FileError> storage_failure(const Error& error) {
  return std::unexpected(file_error_of(error));
}

}  // namespace hotline::services

#pragma once

#include <expected>
#include <optional>
#include <utility>

#include "hotline/core/error.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/services/file_error.h"

namespace hotline HOTLINE_PUBLIC {

/// Why a request to a server of files has failed: an Error, and what the server has answered.
struct FileFailure : Error {
  /// A failure of this end.
  FileFailure(Error error) : Error(std::move(error)) {}

  /// A failure of the server or of the connection.
  FileFailure(Error error, std::optional<FileError> answered, bool may_be_retried)
      : Error(std::move(error)), answer(std::move(answered)), is_retryable(may_be_retried) {}

  /// Returns true if the server has answered with that code.
  bool is(FileErrorCode code) const { return answer && answer->code == code; }

  std::optional<FileError> answer{};  ///< Absent if it is not an ERROR of the server.

  /// The same may succeed later, over this connection or another one. What was transferred need not
  /// be lost: see FileClient::put() and GetFile::offset.
  bool is_retryable = false;
};

/// A value, or why the server has not given it. Converts to a Result.
template <typename T>
class [[nodiscard]] FileResult : public std::expected<T, FileFailure> {
 public:
  using std::expected<T, FileFailure>::expected;
};

/// Drops a result whose failure changes nothing here.
template <typename T>
void discard(const FileResult<T>& result) {
  static_cast<void>(result);
}

}  // namespace hotline

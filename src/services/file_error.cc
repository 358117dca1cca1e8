#include "hotline/services/file_error.h"

#include <iterator>
#include <utility>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

struct FileErrorRow {
  FileErrorCode code;
  std::string_view name;
  ErrorKind kind;
  std::string_view meaning;
  std::string_view advice;
};

constexpr std::string_view kNameAdvice = "list the directory to see what it contains";
constexpr std::string_view kQuotaAdvice =
    "remove what is not needed, also unfinished uploads ('hotline files uploads'), or ask the "
    "operator of the server for a larger quota";
constexpr std::string_view kChangedAdvice = "begin anew: the parts would be of different versions";
constexpr std::string_view kLaterAdvice = "try again later";

constexpr FileErrorRow kFileErrorRows[] = {
    {FileErrorCode::not_found, "not_found", ErrorKind::not_found, "there is no such path",
     kNameAdvice},
    {FileErrorCode::exists, "exists", ErrorKind::invalid_argument, "the name is in use",
     "choose another name, or replace it on purpose"},
    {FileErrorCode::not_a_file, "not_a_file", ErrorKind::invalid_argument, "it is not a file",
     kNameAdvice},
    {FileErrorCode::not_a_directory, "not_a_directory", ErrorKind::invalid_argument,
     "it is not a directory", kNameAdvice},
    {FileErrorCode::not_empty, "not_empty", ErrorKind::invalid_argument,
     "the directory is not empty", "remove what it contains first, or all of it on purpose"},
    {FileErrorCode::not_permitted, "not_permitted", ErrorKind::permission_denied,
     "the server does not permit it", "ask the operator of the server for the right"},
    {FileErrorCode::bad_name, "bad_name", ErrorKind::invalid_argument,
     "nothing new may have that name", "use UTF-8 without control characters"},
    {FileErrorCode::into_itself, "into_itself", ErrorKind::invalid_argument,
     "its new place is itself, or in it", "choose another target"},
    {FileErrorCode::quota_bytes, "quota_bytes", ErrorKind::resource_exhausted,
     "the quota has too few bytes left", kQuotaAdvice},
    {FileErrorCode::quota_entries, "quota_entries", ErrorKind::resource_exhausted,
     "the quota has too few entries left", kQuotaAdvice},
    {FileErrorCode::no_space, "no_space", ErrorKind::resource_exhausted,
     "the disk of the server is full", "the operator of the server has to make room"},
    {FileErrorCode::too_large, "too_large", ErrorKind::too_large,
     "it is over a limit of the server", "ask the operator of the server about its limits"},
    {FileErrorCode::changed, "changed", ErrorKind::invalid_argument,
     "the file is not the version that was expected", kChangedAdvice},
    {FileErrorCode::integrity, "integrity", ErrorKind::protocol_violation,
     "the content is not what was sent", "try again; if it stays, check the disks and memory"},
    {FileErrorCode::storage, "storage", ErrorKind::system, "the disk of the server failed",
     "see the log of the server"},
    {FileErrorCode::key_reused, "key_reused", ErrorKind::invalid_argument,
     "the upload key belongs to another upload", "take a key of its own for each upload"},
    {FileErrorCode::taken_over, "taken_over", ErrorKind::cancelled,
     "another client continues the upload", "wait for it, or upload under another name"},
    {FileErrorCode::too_many_uploads, "too_many_uploads", ErrorKind::resource_exhausted,
     "there are too many unfinished uploads", "finish some of them, or drop them"},
    {FileErrorCode::busy, "busy", ErrorKind::resource_exhausted,
     "the server does as much at once as it may", kLaterAdvice},
    {FileErrorCode::stalled, "stalled", ErrorKind::timed_out, "nothing arrived for too long",
     "continue the upload: what has arrived is kept"},
    {FileErrorCode::draining, "draining", ErrorKind::draining, "the server is draining",
     "try again when it has been started again"},
    {FileErrorCode::unsupported, "unsupported", ErrorKind::unsupported,
     "the server does not support it", "update the server"},
};

constexpr bool are_file_errors_in_order() {
  for (std::size_t i = 0; i < std::size(kFileErrorRows); ++i) {
    if (static_cast<std::size_t>(kFileErrorRows[i].code) != i + 1) return false;
  }
  return true;
}
static_assert(are_file_errors_in_order());

/// Returns null for a code that is not in the table.
const FileErrorRow* row_of_file_error(FileErrorCode code) {
  const auto number = static_cast<std::size_t>(code);
  if (number == 0 || number > std::size(kFileErrorRows)) return nullptr;
  return &kFileErrorRows[number - 1];
}

/// Returns what the number of an error means, or an empty text.
std::string detail_text(const FileError& error) {
  const std::string number = std::to_string(error.detail);
  switch (error.code) {
    case FileErrorCode::quota_bytes: return " (" + number + " bytes are lacking)";
    case FileErrorCode::quota_entries: return " (" + number + " entries are lacking)";
    case FileErrorCode::too_large: return " (the limit is " + number + ")";
    default: return {};
  }
}

}  // namespace

std::optional<std::string_view> name_of(FileErrorCode code) {
  const FileErrorRow* row = row_of_file_error(code);
  return row == nullptr ? std::nullopt : std::optional(row->name);
}

Error FileError::to_error(std::string_view operation, std::string endpoint) const {
  const FileErrorRow* row = row_of_file_error(code);
  std::string detail_of_error = row == nullptr ? "the server reports the unknown error " +
                                                     std::to_string(static_cast<unsigned>(code))
                                               : std::string(row->meaning) + detail_text(*this);
  if (!text.empty()) detail_of_error += ": " + escape(as_bytes(text), kTextMax);
  const std::string_view advice = row != nullptr ? row->advice
                                  : is_retryable ? kLaterAdvice
                                                 : "update this program";
  return make_error(row == nullptr ? ErrorKind::system : row->kind, operation, std::move(endpoint),
                    std::move(detail_of_error), std::string(advice));
}

}  // namespace hotline

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "hotline/core/error.h"
#include "hotline/services/file_error.h"

// The one place where failures of the storage become errors of docs/wire/files.md. No I/O.

namespace hotline::services {

/// A value, or what a server of files answers instead.
template <typename T>
using FileOutcome = std::expected<T, FileError>;

/// Returns a refusal, in a form that converts to any FileOutcome. `text` is for people. `busy` and
/// `draining` are retryable.
std::unexpected<FileError> refuse(FileErrorCode code, std::string_view text = {},
                                  std::uint64_t detail = 0);

/// Returns what a failed operation of the engine means to a client. No path of the server is in
/// the text. What leads out of the home, or through a link, is `not_found`.
FileError file_error_of(const Error& error);

/// Same as file_error_of(), in a form that converts to any FileOutcome.
std::unexpected<FileError> storage_failure(const Error& error);

/// Returns true if the same may succeed in a moment, because the server lacks descriptors or
/// memory, or does not want to wait any longer.
bool may_pass(const Error& error);

/// Returns true for what is not there, or is not a directory.
bool is_no_directory(const FileError& error);

/// Returns that `what` cannot be read, and why: the other codes would be about the path that was
/// asked for.
FileError cannot_read(std::string_view what, const FileError& error);

/// Returns true if the disk has failed, and not the wait for it.
bool is_disk_failure(const Error& error);

}  // namespace hotline::services

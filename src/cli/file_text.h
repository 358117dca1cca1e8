#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/json_line.h"
#include "hotline/services/file_meta.h"

namespace hotline::cli {

/// Returns a number of bytes for people: `1.2 GiB`.
std::string size_text(std::uint64_t bytes);

/// Returns a number with `,` between its thousands.
std::string count_text(std::uint64_t number);

/// Returns a time of a file in UTC: `2026-11-27 22:05:59`.
std::string file_time_text(FileTime time);

/// Returns a time as RFC 3339 writes it, in UTC: `2026-11-27T22:00:00Z`. What is below a second is
/// cut off.
std::string file_time_json(FileTime time);

/// Returns what a listing shows of a name, as one object.
JsonLine json_of_file(std::string_view path, const FileMeta& meta);

}  // namespace hotline::cli

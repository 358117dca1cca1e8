#pragma once

#include <string_view>

// The lines of TOML that the files of operators may have. No I/O.

namespace hotline::services {

/// Returns what is wrong with a line, given without its newline; empty if nothing is. A line has
/// nothing, `[KEY]` or `KEY = VALUE`, and then nothing or a comment. A key is a word or a quoted
/// text, without dots between keys; a value is a word, an integer or a quoted text, and all of it
/// is on the line. What is quoted and what is in a comment may have any bytes.
///
/// These are the lines that toml++ may read: version 3.3.0 has undefined behaviour for some that
/// are wrong, such as `[`, `a = [1,}`, parts of a time and letters that are not ASCII, and
/// exhausts the stack with those that nest much.
std::string_view fault_of_toml_line(std::string_view line);

}  // namespace hotline::services

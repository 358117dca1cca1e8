#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::cli {

/// What a key for completion does to a line.
struct LineCompletion {
  std::string inserted{};                ///< What comes at the cursor.
  std::vector<std::string> proposals{};  ///< Names that are shown below the line.
};

/// What ^C does while a line is typed.
enum class LineInterrupt : std::uint8_t {
  ends_program,  ///< It is the signal.
  clears_line,   ///< The prompt is shown again.
};

/// How the lines of a terminal are typed.
struct LineEditing {
  /// Created with mode 0600. Empty: the history is not kept.
  std::string history_path{};

  std::function<std::string()> prompt = [] { return std::string(">>: "); };
  LineInterrupt interrupt = LineInterrupt::ends_program;

  /// Completes what is before the cursor. Empty: the key is a blank.
  std::function<LineCompletion(std::string_view before_cursor)> complete{};
};

}  // namespace hotline::cli

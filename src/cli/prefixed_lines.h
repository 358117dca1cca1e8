#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Makes whole lines of the output of one of many commands, each with the name of its endpoint, so
/// that lines of several can be mixed: `NAME: text`. A line that is too long is printed in several,
/// and those after the first begin with `NAME:+ `.
class PrefixedLines {
 public:
  /// A line longer than this is printed in several.
  static constexpr std::size_t kLineBytesMax = 8 * 1024;

  explicit PrefixedLines(std::string_view name) : name_(name) {}

  /// Returns the lines that `piece` completes.
  std::string take(Bytes piece);

  /// Returns the rest as a line; empty if there is none.
  std::string finish();

 private:
  enum class Place : std::uint8_t { line_begin, within_line };

  void print(std::string& lines, Place next);

  std::string name_;
  std::string line_;                 ///< Begun, and not complete.
  Place place_ = Place::line_begin;  ///< Where `line_` belongs in the line of the command.
};

}  // namespace hotline::cli

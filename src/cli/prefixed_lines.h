#pragma once

#include <string>
#include <string_view>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// Makes whole lines of the output of one of many commands, each with the name of its endpoint, so
/// that lines of several can be mixed.
class PrefixedLines {
 public:
  /// A line longer than this is cut into several.
  static constexpr std::size_t kLineBytesMax = 8 * 1024;

  explicit PrefixedLines(std::string_view name) : prefix_(std::string(name) + ": ") {}

  /// Returns the lines that `piece` completes.
  std::string take(Bytes piece);

  /// Returns the rest as a line; empty if there is none.
  std::string finish();

 private:
  void end_line(std::string& lines);

  std::string prefix_;
  std::string line_;  ///< Begun, and not complete.
};

}  // namespace hotline::cli

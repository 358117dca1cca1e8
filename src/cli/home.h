#pragma once

#include <string>
#include <string_view>

namespace hotline::cli {

/// Where the program keeps its files: one directory if it was named, otherwise the places of the
/// XDG base directory specification. Only their owner can read them.
class Home {
 public:
  /// `directory`: the value of --home; empty if it was not given.
  explicit Home(std::string directory) : directory_(std::move(directory)) {}

  /// Returns the path for a file that keeps state. Makes its directories with mode 0700; empty if
  /// they cannot be made.
  std::string state_file(std::string_view name) const;

 private:
  std::string state_directory() const;

  std::string directory_;
};

}  // namespace hotline::cli

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

  /// Returns the directory of the keys; empty if no home is known. It need not exist.
  std::string key_directory() const;

  /// Returns the path for a file that keeps state. Makes its directories with mode 0700; empty if
  /// they cannot be made.
  std::string state_file(std::string_view name) const;

 private:
  /// Returns the directory that was named, or the one for this program in the XDG directory that
  /// `variable` names; without it, in `otherwise` beneath the user's home. Empty if none is known.
  std::string directory(const char* variable, const char* otherwise) const;

  std::string directory_;
};

}  // namespace hotline::cli

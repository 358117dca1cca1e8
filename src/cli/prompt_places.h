#pragma once

#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/services/file_path.h"

namespace hotline::cli {

/// Where a user of the prompt is: in a directory at the server, and in one of this machine. Both
/// are known here only: the server gets whole paths, and this process stays where it is.
class PromptPlaces {
 public:
  /// Returns the path at the server for a word of the prompt, which may begin with `/` for the
  /// home, and contain `.` and `..`; `..` in the home is the home. What is left of a pattern is a
  /// pattern, whatever the name of the directory is. A `/` at the end stays.
  std::string remote_pattern(std::string_view word) const;

  /// The same for a word that is a name even if it looks like a pattern.
  std::string remote_name(std::string_view word) const;

  /// Returns the path on this machine for a word, which is a pattern. The system resolves `..`.
  std::string local_pattern(std::string_view word) const;

  /// The same for a word that is a name.
  std::string local_name(std::string_view word) const;

  /// Returns the directory at the server; empty: the home.
  const std::string& remote() const { return remote_; }

  /// Returns the path of the directory on this machine, by which it can be opened.
  std::string local() const { return local_.empty() ? "." : local_; }

  void set_remote(std::string path) { remote_ = std::move(path); }
  void set_local(std::string path) { local_ = std::move(path); }

 private:
  std::string remote_{};
  std::string local_{};  ///< Empty: where the program was started.
};

}  // namespace hotline::cli

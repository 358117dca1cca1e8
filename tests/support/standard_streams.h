#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/unique_fd.h"

namespace hotline::test {

/// Redirects a standard descriptor to another file while this exists.
class Redirection {
 public:
  Redirection(int standard, int target);
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;
  ~Redirection();

 private:
  int standard_;
  UniqueFd saved_;
};

/// Makes standard input the end of a pipe while this exists.
class FedInput {
 public:
  FedInput();

  /// Makes `text` available to read. It must fit into the pipe.
  void feed(std::string_view text);

  /// Ends the input after what was fed.
  void end();

 private:
  UniqueFd write_end_;
  std::optional<Redirection> redirection_;
};

/// Returns what `run` writes to `stream`, one of stdout and stderr.
std::string written_to(std::FILE* stream, const std::function<void()>& run);

}  // namespace hotline::test

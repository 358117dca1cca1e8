#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/unique_fd.h"

namespace hotline::test {

/// A standard descriptor means another file while this lives.
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

/// Standard input is the end of a pipe while this lives.
class FedInput {
 public:
  FedInput();

  /// `text` can be read now. It must fit into the pipe.
  void feed(std::string_view text);

  /// Behind what was fed comes the end.
  void end();

 private:
  UniqueFd write_end_;
  std::optional<Redirection> redirection_;
};

/// What `run` writes to `stream`, one of stdout and stderr.
std::string written_to(std::FILE* stream, const std::function<void()>& run);

}  // namespace hotline::test

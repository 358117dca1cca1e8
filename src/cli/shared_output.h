#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/json_line.h"
#include "hotline/engine/mutex.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {

/// The standard streams of this program for the lines of many fibers, and below them at a terminal
/// one line that is drawn again and again: how far the work has come.
class SharedOutput {
 public:
  /// Such a line is there or not.
  enum class Progress : bool { none, shown };

  explicit SharedOutput(Progress progress) : progress_(progress) {}

  /// Returns `shown` if standard error is a terminal that can draw a line again, and `form` is for
  /// people.
  static Progress wanted_progress(OutputForm form);

  /// Writes whole lines. Suspends the fiber: a reader that does not read blocks a thread of the
  /// pool. Returns false if they were not written; after a failed write, nothing is written.
  bool write(StandardStream to, std::string lines);

  /// Draws the progress, if it is shown: one line of ASCII, cut at the width of the terminal.
  void draw(std::string_view line);

  /// Removes the progress. Blocks the thread.
  void erase();

  /// Returns the errno of the write that failed, or 0.
  int failure() const { return failure_; }

 private:
  struct Text {
    StandardStream to;
    std::string text;
  };

  bool put(std::vector<Text> texts);

  const Progress progress_;
  std::string drawn_;  ///< The progress that is at the terminal now.
  Mutex writing_;
  int failure_ = 0;
};

}  // namespace hotline::cli

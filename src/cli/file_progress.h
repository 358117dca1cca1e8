#pragma once

#include <cstdint>
#include <string>

#include "cli/json_line.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// How far the transfers of a command are.
struct TransferState {
  std::uint64_t files = 0;
  std::uint64_t files_done = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_done = 0;
  Duration elapsed{};
};

/// Returns it as one line: `get 3/10 files  1.2/4.0 GiB 30%  410 MiB/s  0:07 left`.
std::string progress_text(const std::string& verb, const TransferState& state);

/// Shows on standard error how far transfers are: on a terminal ten times a second in one line,
/// elsewhere in a line each ten seconds, with JSON not at all. What it shows never goes backwards.
/// The fibers of one loop.
class FileProgress {
 public:
  FileProgress(std::string verb, OutputForm form);

  void begin(std::uint64_t files, std::uint64_t bytes);

  /// Notes that a file of `size` bytes has gone from `before` to `done`.
  void add(std::uint64_t before, std::uint64_t done);
  void end_file() { ++state_.files_done; }

  /// What of a file does not come any more.
  void leave_out(std::uint64_t bytes);

  /// Shows it from time to time, until the fiber is cancelled.
  void show_until_cancelled();

  /// Prints a line that stays.
  void print();

  /// Removes the line from the terminal, so that other text can follow.
  void clear();

 private:
  std::string text();
  void show();

  std::string verb_;
  OutputForm form_;
  bool is_terminal_;
  bool is_shown_ = false;
  Instant began_{};
  TransferState state_{};
};

}  // namespace hotline::cli

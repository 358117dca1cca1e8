#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/file_link.h"
#include "cli/prompt_command.h"
#include "cli/prompt_completion.h"
#include "cli/prompt_places.h"

namespace hotline::cli {

/// The prompt for files without its terminal: runs lines, each a command, over one connection.
class FilePrompt {
 public:
  /// `link` must outlive it.
  FilePrompt(FileLink& link, CommonOptions common)
      : link_(link), common_(std::move(common)), completion_(link, places_) {}
  FilePrompt(const FilePrompt&) = delete;
  FilePrompt& operator=(const FilePrompt&) = delete;

  /// Runs a line. Reports its own failure, and returns the exit status. Suspends the fiber.
  ExitStatus run(std::string_view line);

  /// Returns what asks for a line: the directory at the server, and `>>: `.
  std::string prompt() const;

  /// Completes what is before the cursor. Suspends the fiber.
  LineCompletion complete(std::string_view before_cursor) const {
    return completion_.complete(before_cursor);
  }

 private:
  using Words = std::vector<std::string>;

  ExitStatus run_program(const PromptCommand& command, Words words);
  ExitStatus run_own(const PromptCommand& command, const Words& words);
  Result<void> place(const PromptCommand& command, Arguments& given) const;
  Result<void> place_words(const PromptCommand& command, Arguments& given) const;
  void place_options(const PromptCommand& command, Arguments& given) const;
  std::string placed_target(const PromptCommand& command, const std::string& word) const;
  ExitStatus change_directory(const std::string& word);
  ExitStatus change_local_directory(const Words& words);
  ExitStatus list_local(const std::string& word) const;
  ExitStatus print_place(std::string_view path) const;
  ExitStatus print_local_place() const;
  ExitStatus help(const Words& words) const;

  FileLink& link_;
  CommonOptions common_;
  PromptPlaces places_{};
  PromptCompletion completion_;
};

}  // namespace hotline::cli

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/file_link.h"
#include "cli/line_editing.h"
#include "cli/prompt_command.h"
#include "cli/prompt_places.h"
#include "cli/prompt_words.h"

namespace hotline::cli {

/// Something that a word may become.
struct CompletionName {
  std::string name;
  bool is_directory = false;
};

/// Returns what completes `typed`, which is the end of the word, out of `names`: the rest of the
/// only one that begins so, or what all of them have in common. Names that cannot be typed are left
/// out, and those that begin with a dot unless `typed` does.
LineCompletion complete_name(const OpenWord& word, std::string_view typed,
                             std::vector<CompletionName> names);

/// Completes the lines of the prompt for files: commands, their options, and paths of both ends.
class PromptCompletion {
 public:
  /// Both must outlive it.
  PromptCompletion(FileLink& link, const PromptPlaces& places) : link_(link), places_(places) {}

  /// Completes what is before the cursor. Asks the server if it has to, for at most 300 ms; without
  /// a connection there are no names. Suspends the fiber.
  LineCompletion complete(std::string_view before_cursor) const;

 private:
  std::vector<CompletionName> names_of(PromptWord kind, const std::string& directory) const;
  std::vector<CompletionName> remote_names(const std::string& directory) const;
  std::vector<CompletionName> local_names(const std::string& directory) const;

  FileLink& link_;
  const PromptPlaces& places_;
};

}  // namespace hotline::cli

#include "cli/prompt_completion.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/file_command.h"
#include "cli/local_names.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

constexpr std::chrono::milliseconds kListTime{300};
constexpr std::size_t kNamesMax = 100'000;
constexpr std::size_t kProposalsMax = 200;

std::string common_beginning(const std::vector<CompletionName>& names) {
  std::string_view common = names.front().name;
  for (const CompletionName& each : names) {
    const auto [end, other] = std::ranges::mismatch(common, each.name);
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  return std::string(common);
}

/// What follows a whole name: the next word, or a name below it.
std::string after_name(const OpenWord& word, const CompletionName& name) {
  if (name.is_directory) return "/";
  return word.quote == 0 ? " " : std::string{word.quote, ' '};
}

std::vector<std::string> proposals_of(const std::vector<CompletionName>& names) {
  std::vector<std::string> proposals;
  for (const CompletionName& each : names) {
    if (proposals.size() == kProposalsMax) {
      proposals.push_back("...");
      break;
    }
    proposals.push_back(each.name + (each.is_directory ? "/" : ""));
  }
  return proposals;
}

/// A character that is cut in two cannot be shown.
void cut_to_characters(std::string& text) {
  while (!text.empty() && fault_in_new_name(text)) text.pop_back();
}

std::vector<CompletionName> command_names() {
  std::vector<CompletionName> names;
  for (const PromptCommand& each : prompt_commands()) names.push_back({std::string(each.name)});
  return names;
}

std::vector<CompletionName> option_names(const PromptCommand& command) {
  std::vector<CompletionName> names;
  if (command.program.empty()) return names;
  for (const OptionRow& each : program_command(command).options) names.push_back({each.name});
  return names;
}

}  // namespace

LineCompletion complete_name(const OpenWord& word, std::string_view typed,
                             std::vector<CompletionName> names) {
  std::erase_if(names, [&](const CompletionName& each) {
    const bool is_hidden = each.name.starts_with('.') && typed.empty();
    return is_hidden || !each.name.starts_with(typed) || fault_in_new_name(each.name);
  });
  if (names.empty()) return {};
  std::ranges::sort(names, {}, &CompletionName::name);
  std::string rest = common_beginning(names).substr(typed.size());
  if (names.size() > 1) cut_to_characters(rest);
  LineCompletion completion{.inserted = typed_text(rest, word.quote)};
  if (names.size() == 1) completion.inserted += after_name(word, names.front());
  if (completion.inserted.empty()) completion.proposals = proposals_of(names);
  return completion;
}

LineCompletion PromptCompletion::complete(std::string_view before_cursor) const {
  const PromptWords words = split_unfinished(before_cursor);
  if (words.last.is_escaping) return {};
  const std::string typed = plain_text(words.last.pattern);
  if (words.whole.empty()) return complete_name(words.last, typed, command_names());
  const PromptCommand* command = find_prompt_command(plain_text(words.whole.front()));
  if (command == nullptr) return {};
  const bool is_target = words.whole.size() > 1 && words.whole.back() == "--to";
  if (!is_target && typed.starts_with('-')) {
    return complete_name(words.last, typed, option_names(*command));
  }
  const PromptWord kind = is_target ? command->target : command->words;
  const std::size_t slash = typed.rfind('/');
  const std::string directory = slash == typed.npos ? "" : typed.substr(0, slash + 1);
  return complete_name(words.last, std::string_view(typed).substr(directory.size()),
                       names_of(kind, directory));
}

std::vector<CompletionName> PromptCompletion::names_of(PromptWord kind,
                                                       const std::string& directory) const {
  switch (kind) {
    case PromptWord::nothing: return {};
    case PromptWord::command: return command_names();
    case PromptWord::remote_pattern:
    case PromptWord::remote_name: return remote_names(directory);
    case PromptWord::local_pattern:
    case PromptWord::local_name: return local_names(directory);
  }
  return {};
}

std::vector<CompletionName> PromptCompletion::remote_names(const std::string& directory) const {
  const auto client = link_.connected();
  const auto path = read_remote_path(places_.remote_name(pattern_of(directory)));
  if (!client || !path) return {};
  std::vector<CompletionName> names;
  const auto listed = client->list(
      {.path = *path, .detail = ListDirectory::Detail::names},
      [&](std::span<const FileEntry> entries, std::uint64_t) -> Result<void> {
        for (const FileEntry& each : entries) {
          names.push_back({each.path.text(), each.meta.kind == FileKind::directory});
        }
        if (names.size() <= kNamesMax) return {};
        return fail(make_error(ErrorKind::too_large, "complete a name", {}, "too many names"));
      },
      deadline_after(kListTime));
  if (!listed) names.clear();
  return names;
}

std::vector<CompletionName> PromptCompletion::local_names(const std::string& directory) const {
  const auto found = cli::local_names(places_.local_name(pattern_of(directory)), kNamesMax);
  if (!found) return {};
  std::vector<CompletionName> names;
  for (const DirectoryEntry& each : *found) {
    names.push_back({each.name, each.kind == EntryKind::directory});
  }
  return names;
}

}  // namespace hotline::cli

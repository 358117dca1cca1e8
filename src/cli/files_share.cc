#include "cli/files_share.h"

#include <cstdint>
#include <vector>

#include "cli/files_user.h"
#include "cli/json_line.h"
#include "cli/text_layout.h"
#include "hotline/services/file_share_list.h"

namespace hotline::cli {
namespace {

std::string json_of_share(const FileShareList::Share& share) {
  JsonLine line = JsonLine::versioned();
  line.add("name", share.name);
  if (share.bytes_max) line.add("bytes_max", static_cast<std::int64_t>(*share.bytes_max));
  if (share.entries_max) line.add("entries_max", static_cast<std::int64_t>(*share.entries_max));
  return line.text() + '\n';
}

ExitStatus print_shares(const std::vector<FileShareList::Share>& shares, OutputForm form) {
  std::string text;
  std::vector<std::vector<std::string>> rows = {{"NAME", "QUOTA", "ENTRIES"}};
  for (const FileShareList::Share& each : shares) {
    if (form == OutputForm::json) text += json_of_share(each);
    rows.push_back({each.name, each.quota, each.entries});
  }
  if (form != OutputForm::json && !shares.empty()) text = table(rows);
  return print_output(text, ExitStatus::ok, form);
}

/// Opens the shares, changes them, and prints the one that was changed.
template <typename Change>
ExitStatus change_share(const FilesCommand& command, OutputForm form, const Change& change) {
  auto list = FileShareList::open(command.root);
  if (!list) return report_root_error(list.error(), form);
  const Result<FileShareList::Share> share = change(*list);
  if (!share) return report_change_error(share.error(), form);
  return print_shares({*share}, form);
}

FileShareList::Change share_change_in(const FilesCommand& command) {
  return {.quota = command.change.quota, .entries = command.change.entries};
}

ExitStatus add_share(const FilesCommand& command, OutputForm form) {
  return change_share(command, form, [&](FileShareList& list) {
    return list.add(command.name, share_change_in(command));
  });
}

ExitStatus set_share(const FilesCommand& command, OutputForm form) {
  return change_share(command, form, [&](FileShareList& list) {
    return list.set(command.name, share_change_in(command));
  });
}

ExitStatus remove_share(const FilesCommand& command, OutputForm form) {
  return change_share(command, form,
                      [&](FileShareList& list) { return list.remove(command.name); });
}

ExitStatus list_shares(const FilesCommand& command, OutputForm form) {
  const auto list = FileShareList::open(command.root);
  if (!list) return report_root_error(list.error(), form);
  if (list->shares().empty()) report_note("there are no shares in " + command.root, form);
  ExitStatus status = print_shares(list->shares(), form);
  for (const Error& each : list->faults()) status = report_root_error(each, form);
  return status;
}

ExitStatus recount_share(const FilesCommand& command, OutputForm form) {
  return print_usage(command, FileShareList::recount(command.root, command.name), form);
}

const FilesAction kShareActions[] = {
    {.name = "add",
     .summary = "makes the share NAME",
     .has_name = true,
     .values = {"--quota", "--entries"},
     .run = add_share},
    {.name = "list", .summary = "lists the shares", .run = list_shares},
    {.name = "set",
     .summary = "changes what is given of the share NAME",
     .has_name = true,
     .values = {"--quota", "--entries"},
     .run = set_share},
    {.name = "remove",
     .summary = "removes the share NAME, but not its files",
     .has_name = true,
     .run = remove_share},
    {.name = "recount",
     .summary = "counts what the files of NAME take, while no server runs",
     .has_name = true,
     .run = recount_share},
};

}  // namespace

std::span<const FilesAction> files_share_actions() { return kShareActions; }

}  // namespace hotline::cli

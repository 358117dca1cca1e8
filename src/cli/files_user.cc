#include "cli/files_user.h"

#include <cstdint>
#include <vector>

#include "cli/json_line.h"
#include "cli/text_layout.h"

namespace hotline::cli {
namespace {

std::string json_of_user(const FileUserList::User& user) {
  JsonLine line = JsonLine::versioned();
  line.add("name", user.name);
  if (user.bytes_max) line.add("bytes_max", static_cast<std::int64_t>(*user.bytes_max));
  if (user.entries_max) line.add("entries_max", static_cast<std::int64_t>(*user.entries_max));
  line.add("rights", user.rights);
  if (user.uid) line.add("uid", static_cast<std::int64_t>(*user.uid));
  line.add_flag("disabled", user.is_disabled);
  if (!user.shares.empty()) {
    JsonLine shares;
    for (const auto& [share, rights] : user.shares) shares.add(share, rights);
    line.add("shares", shares);
  }
  return line.text() + '\n';
}

std::string shares_text(const FileUserList::User& user) {
  std::string text;
  for (const auto& [share, rights] : user.shares) {
    text += (text.empty() ? "" : ",") + share + '=' + rights;
  }
  return text.empty() ? "-" : text;
}

std::string table_of_users(const std::vector<FileUserList::User>& users) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "QUOTA", "ENTRIES", "RIGHTS", "UID", "SHARES", "STATE"}};
  for (const FileUserList::User& each : users) {
    rows.push_back({each.name, each.quota, each.entries, each.rights,
                    each.uid ? std::to_string(*each.uid) : "-", shares_text(each),
                    each.is_disabled ? "disabled" : "enabled"});
  }
  return table(rows);
}

ExitStatus print_users(const std::vector<FileUserList::User>& users, OutputForm form) {
  std::string text;
  if (form == OutputForm::json) {
    for (const FileUserList::User& each : users) text += json_of_user(each);
  } else if (!users.empty()) {
    text = table_of_users(users);
  }
  return print_output(text, ExitStatus::ok, form);
}

/// Opens the users, changes them, and prints the one that was changed.
template <typename Change>
ExitStatus change_user(const FilesCommand& command, OutputForm form, const Change& change) {
  auto list = FileUserList::open(command.root);
  if (!list) return report_root_error(list.error(), form);
  const Result<FileUserList::User> user = change(*list);
  if (!user) return report_change_error(user.error(), form);
  return print_users({*user}, form);
}

ExitStatus add_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form,
                     [&](FileUserList& list) { return list.add(command.name, command.change); });
}

ExitStatus set_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form,
                     [&](FileUserList& list) { return list.set(command.name, command.change); });
}

ExitStatus disable_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form, [&](FileUserList& list) {
    return list.set(command.name, {.is_disabled = true});
  });
}

ExitStatus enable_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form, [&](FileUserList& list) {
    return list.set(command.name, {.is_disabled = false});
  });
}

ExitStatus remove_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form, [&](FileUserList& list) { return list.remove(command.name); });
}

ExitStatus list_users(const FilesCommand& command, OutputForm form) {
  const auto list = FileUserList::open(command.root);
  if (!list) return report_root_error(list.error(), form);
  if (list->users().empty()) report_note("there are no users in " + command.root, form);
  ExitStatus status = print_users(list->users(), form);
  for (const Error& each : list->faults()) status = report_root_error(each, form);
  return status;
}

ExitStatus recount_user(const FilesCommand& command, OutputForm form) {
  return print_usage(command, FileUserList::recount(command.root, command.name), form);
}

const std::vector<std::string> kUserValues = {"--quota", "--entries", "--rights", "--uid",
                                              "--share"};

const FilesAction kUserActions[] = {
    {.name = "add",
     .summary = "makes the user NAME",
     .has_name = true,
     .values = kUserValues,
     .run = add_user},
    {.name = "list", .summary = "lists the users", .run = list_users},
    {.name = "set",
     .summary = "changes what is given of the user NAME",
     .has_name = true,
     .values = kUserValues,
     .run = set_user},
    {.name = "disable",
     .summary = "refuses the callers of NAME",
     .has_name = true,
     .run = disable_user},
    {.name = "enable", .summary = "ends that", .has_name = true, .run = enable_user},
    {.name = "remove",
     .summary = "removes the user NAME, but not the home",
     .has_name = true,
     .run = remove_user},
    {.name = "recount",
     .summary = "counts what the files of NAME take, while no server runs",
     .has_name = true,
     .run = recount_user},
};

}  // namespace

std::span<const FilesAction> files_user_actions() { return kUserActions; }

ExitStatus print_usage(const FilesCommand& command, const Result<FileUserList::Usage>& usage,
                       OutputForm form) {
  if (!usage) return report_root_error(usage.error(), form);
  if (form == OutputForm::json) {
    JsonLine line = JsonLine::versioned();
    line.add("name", command.name).add("bytes", static_cast<std::int64_t>(usage->bytes));
    line.add("entries", static_cast<std::int64_t>(usage->entries));
    return print_output(line.text() + '\n', ExitStatus::ok, form);
  }
  return print_output(command.name + ": " + std::to_string(usage->bytes) + " bytes, " +
                          std::to_string(usage->entries) + " entries\n",
                      ExitStatus::ok, form);
}

}  // namespace hotline::cli

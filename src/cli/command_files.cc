#include "cli/command_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "cli/command_uploads.h"
#include "cli/endpoint_forms.h"
#include "cli/json_line.h"
#include "cli/option_values.h"
#include "cli/prompt_run.h"
#include "cli/report.h"
#include "cli/text_layout.h"
#include "hotline/core/choice.h"
#include "hotline/core/nearest_name.h"

namespace hotline::cli {

/// What can be done with the users of a root.
struct FilesAction {
  std::string name;
  std::string summary;
  bool has_name = false;    ///< It takes NAME.
  bool has_values = false;  ///< It takes the values of a user.
  ExitStatus (*run)(const FilesCommand& command, OutputForm form) = nullptr;
};

namespace {

constexpr char kFilesExamples[] =
    R"(  hotline files tls://files.example.org:7070
  printf 'cd docs\nget *.pdf\n' | hotline files tls://files.example.org:7070
  hotline files uploads tls://files.example.org:7070
  hotline files user add alice --root /srv/hotline --quota 10GiB
  hotline files user list --root /srv/hotline
)";

constexpr char kFilesDescription[] =
    R"(With ENDPOINT, a prompt for the files there: each line is a command, such as 'cd docs',
'ls' or 'get *.pdf'; 'help' lists them, and Tab completes them and paths. Off a terminal the first
command that fails ends it, and its status is that of 'hotline files'. At a terminal ^C ends a
command, and 'quit' or ^D the prompt.

'uploads' lists the unfinished uploads of the user: they take from the quota until they are
finished, dropped, or too old for the server. The same 'put' finishes one.

'user' keeps the users of the service 'files': each is a file of the root. 'hotline help files' says
how they are served. The actions after 'user' are:

)";

constexpr char kFilesNotes[] =
    R"(Send SIGHUP to a server that runs: it then reads the users again, and cuts the connections of
those that are disabled or removed. The home of a removed user stays.

At tls:// a user is the caller whose key has the same name: 'hotline key new NAME'.

TIME is written 500ms, 60s, 2m, 1h or none.
)";

const std::vector<std::string> kValueOptions = {"--quota", "--entries", "--rights", "--uid"};

ExitStatus report_root_error(const Error& error, OutputForm form) {
  return report_error(error, ExitStatus::failed, form);
}

/// A value that is none is a mistake in the command line.
ExitStatus report_user_error(const Error& error, OutputForm form) {
  const bool is_usage = error.kind == ErrorKind::invalid_argument && error.native_code == 0;
  return report_error(error, is_usage ? ExitStatus::usage : ExitStatus::failed, form);
}

std::string json_of_user(const FileUserList::User& user) {
  JsonLine line = JsonLine::versioned();
  line.add("name", user.name);
  if (user.bytes_max) line.add("bytes_max", static_cast<std::int64_t>(*user.bytes_max));
  if (user.entries_max) line.add("entries_max", static_cast<std::int64_t>(*user.entries_max));
  line.add("rights", user.rights);
  if (user.uid) line.add("uid", static_cast<std::int64_t>(*user.uid));
  line.add_flag("disabled", user.is_disabled);
  return line.text() + '\n';
}

std::string table_of_users(const std::vector<FileUserList::User>& users) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "QUOTA", "ENTRIES", "RIGHTS", "UID", "STATE"}};
  for (const FileUserList::User& each : users) {
    rows.push_back({each.name, each.quota, each.entries, each.rights,
                    each.uid ? std::to_string(*each.uid) : "-",
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

/// The forms of `files` have options of their own.
Result<void> check_options(const Arguments& given, const std::vector<std::string>& known,
                           const std::string& form) {
  for (const auto& [option, value] : given.options) {
    if (option == "--home" || std::ranges::count(known, option) > 0) continue;
    return fail(usage_error(option + " does not apply to '" + form + "'", "leave it out"));
  }
  return {};
}

/// Opens the users, changes them, and prints the one that was changed.
template <typename Change>
ExitStatus change_user(const FilesCommand& command, OutputForm form, const Change& change) {
  auto list = FileUserList::open(command.root);
  if (!list) return report_root_error(list.error(), form);
  const Result<FileUserList::User> user = change(*list);
  if (!user) return report_user_error(user.error(), form);
  return print_users({*user}, form);
}

ExitStatus add_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form,
                     [&](FileUserList& list) { return list.add(command.user, command.change); });
}

ExitStatus set_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form,
                     [&](FileUserList& list) { return list.set(command.user, command.change); });
}

ExitStatus disable_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form, [&](FileUserList& list) {
    return list.set(command.user, {.is_disabled = true});
  });
}

ExitStatus enable_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form, [&](FileUserList& list) {
    return list.set(command.user, {.is_disabled = false});
  });
}

ExitStatus remove_user(const FilesCommand& command, OutputForm form) {
  return change_user(command, form, [&](FileUserList& list) { return list.remove(command.user); });
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
  const auto usage = FileUserList::recount(command.root, command.user);
  if (!usage) return report_root_error(usage.error(), form);
  if (form == OutputForm::json) {
    JsonLine line = JsonLine::versioned();
    line.add("name", command.user).add("bytes", static_cast<std::int64_t>(usage->bytes));
    line.add("entries", static_cast<std::int64_t>(usage->entries));
    return print_output(line.text() + '\n', ExitStatus::ok, form);
  }
  return print_output(command.user + ": " + std::to_string(usage->bytes) + " bytes, " +
                          std::to_string(usage->entries) + " entries\n",
                      ExitStatus::ok, form);
}

const FilesAction kUserActions[] = {
    {.name = "add",
     .summary = "makes the user NAME",
     .has_name = true,
     .has_values = true,
     .run = add_user},
    {.name = "list", .summary = "lists the users", .run = list_users},
    {.name = "set",
     .summary = "changes what is given of the user NAME",
     .has_name = true,
     .has_values = true,
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

std::vector<std::string> user_action_names() {
  std::vector<std::string> names;
  for (const FilesAction& each : kUserActions) names.push_back(each.name);
  return names;
}

std::string describe_user_actions() {
  std::vector<Definition> definitions;
  for (const FilesAction& each : kUserActions) {
    definitions.push_back({each.name + (each.has_name ? " NAME" : ""), each.summary});
  }
  return two_columns(definitions);
}

Result<const FilesAction*> find_user_action(const Arguments& given) {
  const std::vector<std::string> names = user_action_names();
  if (given.words.size() < 2) {
    return fail(usage_error("missing ACTION", "the actions are " + list_words(names)));
  }
  const std::string& word = given.words[1];
  const auto found = std::ranges::find(kUserActions, word, &FilesAction::name);
  if (found != std::end(kUserActions)) return found;
  return fail(usage_error("unknown action " + quote(word),
                          did_you_mean(word, names) + "the actions are " + list_words(names)));
}

/// Checks that the words and options are those of the action.
Result<void> check_files_shape(const Arguments& given, const FilesAction& action) {
  const std::string command = "hotline files user " + action.name;
  if (action.has_name != (given.words.size() > 2)) {
    return fail(usage_error(action.has_name ? "missing NAME" : "this action takes no NAME",
                            "write '" + command + (action.has_name ? " NAME" : "") + "'"));
  }
  std::vector<std::string> known = {"--root", "--json"};
  if (action.has_values) known.insert(known.end(), kValueOptions.begin(), kValueOptions.end());
  if (auto checked = check_options(given, known, "files user " + action.name); !checked) {
    return checked;
  }
  if (given.has("--root")) return {};
  return fail(
      usage_error("missing --root", "write '--root /srv/hotline': the root= of the server"));
}

Result<void> read_uid(const Arguments& given, std::optional<std::uint32_t>& uid) {
  if (!given.has("--uid")) return {};
  const std::string& text = given.options.at("--uid");
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return refuse_value("--uid", usage_error(quote(text) + " is not a user id",
                                             "write a number, such as that of 'id -u'"));
  }
  uid = number;
  return {};
}

ExitStatus run_user_action(const FilesCommand& command, const CommonOptions& common) {
  return command.action->run(command, common.output);
}

/// The word `uploads` precedes the endpoint.
Result<Arguments> read_uploads_form(const Arguments& given) {
  Arguments rest = given;
  rest.words.erase(rest.words.begin());
  if (rest.words.size() > 1) {
    return fail(usage_error("one word too many: " + quote(rest.words[1]),
                            "write 'hotline files uploads ENDPOINT'"));
  }
  auto checked = check_options(
      given, {"--drop", "--drop-all", "--timeout", "--retry-for", "--json"}, "files uploads");
  if (!checked) return fail(std::move(checked.error()));
  return rest;
}

ExitStatus run_uploads_form(const Arguments& given, const CommonOptions& common) {
  return uploads_subcommand().run(given, common);
}

ExitStatus run_files(const Arguments& given, const CommonOptions& common) {
  const std::string form = given.words.empty() ? std::string() : given.words.front();
  if (form == "user") return read_and_run<read_files, run_user_action>(given, common);
  if (form == "uploads") return read_and_run<read_uploads_form, run_uploads_form>(given, common);
  return read_and_run<read_prompt, run_file_prompt>(given, common);
}

std::vector<std::string> files_words() {
  std::vector<std::string> words = {"user", "uploads"};
  for (std::string& each : stream_prefixes()) words.push_back(std::move(each));
  return words;
}

std::vector<OptionRow> files_rows() {
  std::vector<OptionRow> rows = uploads_subcommand().options;
  std::erase_if(rows, [](const OptionRow& each) { return each.name == "--json"; });
  const std::vector<OptionRow> of_users = {
      {.name = "--root", .value = "DIR", .help = "user: the root= of the server; required"},
      {.name = "--quota", .value = "BYTES", .help = "add, set: 10GiB, or none (default none)"},
      {.name = "--entries",
       .value = "N",
       .help = "add, set: how many files and directories, or none (default none)"},
      {.name = "--rights",
       .value = "LETTERS",
       .help = "add, set: out of r (read), w (write), o (overwrite) and d (delete) (default rwod)"},
      {.name = "--uid",
       .value = "N",
       .help = "add, set: the user id of the user on this machine, for callers at unix:"}};
  rows.insert(rows.end(), of_users.begin(), of_users.end());
  rows.push_back({.name = "--json", .help = "print JSON objects, one on each line"});
  return rows;
}

}  // namespace

Result<FilesCommand> read_files(const Arguments& given) {
  const auto action = find_user_action(given);
  if (!action) return fail(action.error());
  if (auto checked = check_files_shape(given, **action); !checked) return fail(checked.error());
  FilesCommand command{.action = *action, .root = given.options.at("--root")};
  if ((*action)->has_name) command.user = given.words[2];
  const auto value = [&](const char* option, std::optional<std::string>& into) {
    if (given.has(option)) into = given.options.at(option);
  };
  value("--quota", command.change.quota);
  value("--entries", command.change.entries);
  value("--rights", command.change.rights);
  if (auto read = read_uid(given, command.change.uid); !read) return fail(read.error());
  return command;
}

Result<FileCommandOptions> read_prompt(const Arguments& given) {
  FileCommandOptions options;
  if (auto read = read_file_command(given, "hotline files ENDPOINT", options); !read) {
    return fail(read.error());
  }
  if (!options.endpoint.contains(':')) {
    const std::vector<std::string> names = {"user", "uploads"};
    return fail(usage_error(quote(options.endpoint) + " is not an endpoint",
                            did_you_mean(options.endpoint, names) +
                                "write for example 'hotline files tls://files.example.org:7070'"));
  }
  if (given.words.size() > 1) {
    return fail(usage_error("one word too many: " + quote(given.words[1]),
                            "the commands are lines of standard input"));
  }
  auto checked = check_options(given, {"--timeout", "--retry-for", "--json"}, "files ENDPOINT");
  if (!checked) return fail(std::move(checked.error()));
  return options;
}

Subcommand files_subcommand() {
  return {
      .name = "files",
      .summary = "a prompt for the files at an endpoint; keeps the users of 'files'",
      .examples = kFilesExamples,
      .operands = {{.name = "ENDPOINT", .usage = "[uploads] ENDPOINT |", .choices = files_words},
                   {.name = "ACTION", .usage = "user ACTION", .choices = user_action_names},
                   {.name = "NAME", .usage = "[NAME]"}},
      .options = files_rows(),
      .description = kFilesDescription + describe_user_actions(),
      .notes = kFilesNotes,
      .run = run_files};
}

}  // namespace hotline::cli

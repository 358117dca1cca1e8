#include "cli/command_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_uploads.h"
#include "cli/endpoint_forms.h"
#include "cli/files_share.h"
#include "cli/files_user.h"
#include "cli/option_values.h"
#include "cli/prompt_run.h"
#include "cli/report.h"
#include "cli/text_layout.h"
#include "hotline/core/choice.h"
#include "hotline/core/nearest_name.h"

namespace hotline::cli {

namespace {

constexpr char kFilesExamples[] =
    R"(  hotline files tls://files.example.org:7070
  printf 'cd docs\nget *.pdf\n' | hotline files tls://files.example.org:7070
  hotline files uploads tls://files.example.org:7070
  hotline files user add alice --root /srv/hotline --quota 10GiB
  hotline files user list --root /srv/hotline
  hotline files share add team --root /srv/hotline --quota 100GiB
  hotline files user set alice --root /srv/hotline --share team=rw
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

constexpr char kSharesDescription[] =
    R"(
'share' keeps the shares of the service 'files': directories that several users have in their homes.
'user add' and 'user set' with '--share' say who has one. The actions after 'share' are:

)";

constexpr char kFilesNotes[] =
    R"(Send SIGHUP to a server that runs: it then reads the users again, and cuts the connections of
those that are disabled or removed. The home of a removed user stays, and so do the files of a
removed share.

At tls:// a user is the caller whose key has the same name: 'hotline key new NAME'.

TIME is written 500ms, 60s, 2m, 1h or none.
)";

/// The forms of `files` have options of their own.
Result<void> check_options(const Arguments& given, const std::vector<std::string>& known,
                           const std::string& form) {
  for (const auto& [option, value] : given.options) {
    if (option == "--home" || std::ranges::count(known, option) > 0) continue;
    return fail(usage_error(option + " does not apply to '" + form + "'", "leave it out"));
  }
  return {};
}

std::span<const FilesAction> files_actions_of(const std::string& word) {
  return word == "share" ? files_share_actions() : files_user_actions();
}

/// Returns the actions after `user`, some of which are also those after `share`.
std::vector<std::string> files_action_names() {
  std::vector<std::string> names;
  for (const FilesAction& each : files_user_actions()) names.push_back(each.name);
  return names;
}

std::string describe_files_actions(const std::string& word) {
  std::vector<Definition> definitions;
  for (const FilesAction& each : files_actions_of(word)) {
    definitions.push_back({each.name + (each.has_name ? " NAME" : ""), each.summary});
  }
  return two_columns(definitions);
}

Result<const FilesAction*> find_files_action(const Arguments& given) {
  std::vector<std::string> names;
  const std::span<const FilesAction> actions = files_actions_of(given.words.front());
  for (const FilesAction& each : actions) names.push_back(each.name);
  if (given.words.size() < 2) {
    return fail(usage_error("missing ACTION", "the actions are " + list_words(names)));
  }
  const std::string& word = given.words[1];
  const auto found = std::ranges::find(actions, word, &FilesAction::name);
  if (found != actions.end()) return &*found;
  return fail(usage_error("unknown action " + quote(word),
                          did_you_mean(word, names) + "the actions are " + list_words(names)));
}

/// Checks that the words and options are those of the action.
Result<void> check_files_shape(const Arguments& given, const FilesAction& action) {
  const std::string form = "files " + given.words.front() + " " + action.name;
  if (action.has_name != (given.words.size() > 2)) {
    return fail(usage_error(action.has_name ? "missing NAME" : "this action takes no NAME",
                            "write 'hotline " + form + (action.has_name ? " NAME" : "") + "'"));
  }
  std::vector<std::string> known = {"--root", "--json"};
  known.insert(known.end(), action.values.begin(), action.values.end());
  if (auto checked = check_options(given, known, form); !checked) return checked;
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

/// Reads `team=rw,docs=none`.
Result<void> read_user_shares(const Arguments& given, std::map<std::string, std::string>& shares) {
  if (!given.has("--share")) return {};
  std::string_view text = given.options.at("--share");
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = text.find(',');
    is_last = comma == std::string_view::npos;
    const std::string_view each = text.substr(0, comma);
    const std::size_t equals = each.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return refuse_value("--share", usage_error(quote(std::string(each)) + " is not NAME=LETTERS",
                                                 "write team=rw, or team=none to take it away"));
    }
    shares.insert_or_assign(std::string(each.substr(0, equals)),
                            std::string(each.substr(equals + 1)));
    text.remove_prefix(is_last ? text.size() : comma + 1);
  }
  return {};
}

ExitStatus run_files_action(const FilesCommand& command, const CommonOptions& common) {
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
  if (form == "user" || form == "share") {
    return read_and_run<read_files, run_files_action>(given, common);
  }
  if (form == "uploads") return read_and_run<read_uploads_form, run_uploads_form>(given, common);
  return read_and_run<read_prompt, run_file_prompt>(given, common);
}

std::vector<std::string> files_words() {
  std::vector<std::string> words = {"user", "share", "uploads"};
  for (std::string& each : stream_prefixes()) words.push_back(std::move(each));
  return words;
}

std::vector<OptionRow> files_rows() {
  std::vector<OptionRow> rows = uploads_subcommand().options;
  std::erase_if(rows, [](const OptionRow& each) { return each.name == "--json"; });
  const std::vector<OptionRow> of_users = {
      {.name = "--root", .value = "DIR", .help = "user, share: the root= of the server; required"},
      {.name = "--quota", .value = "BYTES", .help = "add, set: 10GiB, or none (default none)"},
      {.name = "--entries",
       .value = "N",
       .help = "add, set: how many files and directories, or none (default none)"},
      {.name = "--rights",
       .value = "LETTERS",
       .help = "add, set: out of r (read), w (write), o (overwrite) and d (delete) (default rwod)"},
      {.name = "--uid",
       .value = "N",
       .help = "add, set: the user id of the user on this machine, for callers at unix:"},
      {.name = "--share",
       .value = "NAME=LETTERS",
       .help = "add, set: gives the user a share with these rights; none takes it away; several "
               "are separated by commas"}};
  rows.insert(rows.end(), of_users.begin(), of_users.end());
  rows.push_back({.name = "--json", .help = "print JSON objects, one on each line"});
  return rows;
}

}  // namespace

Result<FilesCommand> read_files(const Arguments& given) {
  const auto action = find_files_action(given);
  if (!action) return fail(action.error());
  if (auto checked = check_files_shape(given, **action); !checked) return fail(checked.error());
  FilesCommand command{.action = *action, .root = given.options.at("--root")};
  if ((*action)->has_name) command.name = given.words[2];
  const auto value = [&](const char* option, std::optional<std::string>& into) {
    if (given.has(option)) into = given.options.at(option);
  };
  value("--quota", command.change.quota);
  value("--entries", command.change.entries);
  value("--rights", command.change.rights);
  if (auto read = read_uid(given, command.change.uid); !read) return fail(read.error());
  if (auto read = read_user_shares(given, command.change.shares); !read) return fail(read.error());
  return command;
}

Result<FileCommandOptions> read_prompt(const Arguments& given) {
  FileCommandOptions options;
  if (auto read = read_file_command(given, "hotline files ENDPOINT", options); !read) {
    return fail(read.error());
  }
  if (!options.endpoint.contains(':')) {
    const std::vector<std::string> names = {"user", "share", "uploads"};
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
      .summary = "a prompt for the files at an endpoint; keeps users and shares of 'files'",
      .examples = kFilesExamples,
      .operands = {{.name = "ENDPOINT", .usage = "[uploads] ENDPOINT |", .choices = files_words},
                   {.name = "ACTION", .usage = "user|share ACTION", .choices = files_action_names},
                   {.name = "NAME", .usage = "[NAME]"}},
      .options = files_rows(),
      .description = kFilesDescription + describe_files_actions("user") + kSharesDescription +
                     describe_files_actions("share"),
      .notes = kFilesNotes,
      .run = run_files};
}

}  // namespace hotline::cli

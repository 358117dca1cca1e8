#include "cli/command_ls.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cli/endpoint_forms.h"
#include "cli/file_text.h"
#include "cli/remote_glob.h"
#include "cli/remote_tree.h"
#include "cli/report.h"
#include "cli/text_layout.h"

namespace hotline::cli {
namespace {

constexpr char kLsUsage[] = "hotline ls ENDPOINT [PATH]";

constexpr char kLsExamples[] =
    R"(  hotline ls tls://files.example.org:7070
  hotline ls -l tls://files.example.org:7070 'docs/*.pdf'
)";

constexpr char kLsDescription[] =
    R"(Lists a directory of the files at ENDPOINT: the home of the user, or PATH, or what matches
it. Names of directories end with '/', those of links with '@'. Control characters are escaped.
)";

/// What is to be listed, and why that is not all.
struct Listing {
  std::vector<RemoteName> names{};
  std::optional<FileFailure> failure{};
};

/// Returns what has that word, or, for a directory without a pattern, what it contains.
Listing names_to_list(FileLink& link, const LsOptions& options) {
  auto found = find_remote(link, options.path);
  if (!found) return {.failure = std::move(found.error())};
  const RemoteName& first = found->front();
  if (is_glob(options.path) || first.meta.kind != FileKind::directory) return {*std::move(found)};
  RemoteTree tree = list_tree(
      link,
      {.path = first.path, .depth = options.is_recursive ? FileDepth::tree : FileDepth::single});
  Listing listing{.failure = std::move(tree.failure)};
  for (FileEntry& each : tree.entries) listing.names.push_back({std::move(each.path), each.meta});
  std::ranges::sort(listing.names, {}, [](const RemoteName& each) { return each.path.text(); });
  return listing;
}

std::string name_to_list(const RemoteName& name) {
  std::string text = shown_path(name.path.text());
  if (name.meta.kind == FileKind::directory) text += '/';
  if (name.meta.kind == FileKind::link) text += '@';
  return text;
}

std::string long_list(const std::vector<RemoteName>& names) {
  std::vector<std::vector<std::string>> rows = {{"SIZE", "MODIFIED", "NAME"}};
  for (const RemoteName& each : names) {
    const bool is_file = each.meta.kind == FileKind::file;
    rows.push_back({is_file ? size_text(each.meta.size) : "-", file_time_text(each.meta.modified),
                    name_to_list(each) + (each.meta.is_executable ? "*" : "")});
  }
  return table(rows);
}

ExitStatus perform_ls(FileLink& link, const LsOptions& options, const CommonOptions& common) {
  const auto [names, failure] = names_to_list(link, options);
  if (failure && names.empty()) return report_file_failure(*failure, link);
  std::string text;
  if (options.is_long && common.output == OutputForm::text) text = long_list(names);
  for (const RemoteName& each : names) {
    if (common.output == OutputForm::json) {
      text += JsonLine::versioned().add("file", json_of_file(each.path.text(), each.meta)).text() +
              '\n';
    } else if (!options.is_long) {
      text += name_to_list(each) + '\n';
    }
  }
  const ExitStatus printed = print_output(text, ExitStatus::ok, common.output);
  return failure && printed == ExitStatus::ok ? report_file_failure(*failure, link) : printed;
}

}  // namespace

Result<LsOptions> read_ls(const Arguments& given) {
  LsOptions options;
  if (auto read = read_file_command(given, kLsUsage, options.common); !read) {
    return fail(read.error());
  }
  auto words = remote_words(given);
  if (!words) return fail(std::move(words.error()));
  if (!words->empty()) options.path = std::move(words->front());
  options.is_recursive = given.has("--recursive");
  options.is_long = given.has("--long");
  return options;
}

Subcommand ls_subcommand() {
  return {.name = "ls",
          .summary = "list files at an endpoint",
          .examples = kLsExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "PATH", .usage = "[PATH]"}},
          .options =
              with_file_rows({{.name = "--long", .letter = 'l', .help = "show sizes and times too"},
                              {.name = "--recursive", .letter = 'r', .help = "list the whole tree"},
                              literal_row()}),
          .description = kLsDescription,
          .notes = kPatternNotes,
          .run = run_files_once<read_ls, perform_ls>,
          .run_on = run_files_on<read_ls, perform_ls>};
}

}  // namespace hotline::cli

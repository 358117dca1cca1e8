#include "cli/command_rm.h"

#include <ranges>
#include <utility>
#include <vector>

#include "cli/endpoint_forms.h"
#include "cli/remote_glob.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr char kRmUsage[] = "hotline rm ENDPOINT PATH...";

constexpr char kRmExamples[] =
    R"(  hotline rm tls://files.example.org:7070 old.txt 'tmp/*.log'
  hotline rm -r tls://files.example.org:7070 drafts
)";

constexpr char kRmDescription[] =
    R"(Removes files, links and empty directories among the files at ENDPOINT; with -r directories
with all that they contain.
)";

void print_removed(FileLink& link, const FilePath& path, FileTally& tally) {
  const OutputForm form = link.to().form;
  const std::string line =
      form == OutputForm::json
          ? JsonLine::versioned().add("would", "rm").add("path", path.text()).text()
          : shown_path(path.text());
  const ExitStatus printed = print_output(line + '\n', ExitStatus::ok, form);
  printed == ExitStatus::ok ? tally.add({}, link) : tally.end_with(printed);
}

/// Prints what would be removed: what a directory contains before the directory.
void print_all(FileLink& link, const RemoteName& name, const RmOptions& options, FileTally& tally) {
  if (options.is_recursive && name.meta.kind == FileKind::directory) {
    const auto listed = link.perform<std::vector<FileEntry>>([&](FileClient& client) {
      return client.list(
          {.path = name.path, .depth = FileDepth::tree, .detail = ListDirectory::Detail::names});
    });
    if (!listed) return tally.add(std::unexpected(listed.error()), link);
    for (const FileEntry& each : std::views::reverse(*listed)) {
      const auto below = FilePath::parse(name.path.text() + '/' + each.path.text());
      if (below) print_removed(link, *below, tally);
      if (tally.is_over()) return;
    }
  }
  print_removed(link, name.path, tally);
}

FileResult<void> remove_one(FileLink& link, const FilePath& path, const RmOptions& options) {
  const RemoveFile request{.path = path,
                           .depth = options.is_recursive ? FileDepth::tree : FileDepth::single};
  auto removed = link.perform<void>([&](FileClient& client) { return client.remove(request); });
  if (removed || options.is_recursive) return removed;
  return std::unexpected(with_hint(std::move(removed.error()), FileErrorCode::not_empty,
                                   "-r removes it with all that it contains"));
}

void remove_all(FileLink& link, const std::string& word, const RmOptions& options,
                FileTally& tally) {
  const auto found =
      find_remote(link, word, options.is_recursive ? Covered::left_out : Covered::listed);
  if (!found) return tally.add(std::unexpected(found.error()), link);
  if (found->front().path.is_home()) {
    Error error = usage_error("the home itself cannot be removed",
                              "'*' with -r stands for all that it contains");
    return tally.add(std::unexpected(FileFailure(
                         std::move(error), FileError{.code = FileErrorCode::not_permitted}, false)),
                     link);
  }
  for (const RemoteName& each : *found) {
    options.is_dry ? print_all(link, each, options, tally)
                   : tally.add(remove_one(link, each.path, options), link);
    if (tally.is_over()) return;
  }
}

ExitStatus perform_rm(FileLink& link, const RmOptions& options, const CommonOptions&) {
  FileTally tally;
  for (const std::string& word : options.paths) {
    if (!tally.is_over()) remove_all(link, word, options, tally);
  }
  return tally.status();
}

}  // namespace

Result<RmOptions> read_rm(const Arguments& given) {
  RmOptions options;
  if (auto read = read_file_command(given, kRmUsage, options.common); !read) {
    return fail(read.error());
  }
  auto words = remote_words(given);
  if (!words) return fail(std::move(words.error()));
  options.paths = *std::move(words);
  if (options.paths.empty()) return fail(usage_error("missing PATH", kRmUsage));
  options.is_recursive = given.has("--recursive");
  options.is_dry = given.has("--dry-run");
  return options;
}

Subcommand rm_subcommand() {
  return {
      .name = "rm",
      .summary = "remove files at an endpoint",
      .examples = kRmExamples,
      .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                   {.name = "PATH", .usage = "PATH...", .repeats = Repeats::yes}},
      .options = with_file_rows(
          {{.name = "--recursive", .letter = 'r', .help = "remove directories with their contents"},
           {.name = "--dry-run", .letter = 'n', .help = "print what would be removed"},
           literal_row()}),
      .description = kRmDescription,
      .notes = kPatternNotes,
      .run = run_files_once<read_rm, perform_rm>,
      .run_on = run_files_on<read_rm, perform_rm>};
}

}  // namespace hotline::cli

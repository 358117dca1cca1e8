#include "cli/command_mkdir.h"

#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/option_values.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr char kMkdirUsage[] = "hotline mkdir ENDPOINT PATH...";

constexpr char kMkdirExamples[] =
    R"(  hotline mkdir tls://files.example.org:7070 docs
  hotline mkdir -p tls://files.example.org:7070 docs/2026/november
)";

constexpr char kMkdirDescription[] = "Makes directories among the files at ENDPOINT.\n";

FileResult<void> outcome_of(const FileResult<FileVersion>& made, const MkdirOptions& options) {
  if (made) return {};
  if (options.makes_parents) return std::unexpected(made.error());
  return std::unexpected(with_hint(
      with_hint(made.error(), FileErrorCode::not_found, "-p makes what is missing above it too"),
      FileErrorCode::exists, "-p accepts a directory that is there"));
}

ExitStatus perform_mkdir(FileLink& link, const MkdirOptions& options, const CommonOptions&) {
  FileTally tally;
  for (const FilePath& path : options.paths) {
    if (tally.is_over()) break;
    const MakeDirectory request{
        .path = path,
        .parents = options.makes_parents ? MissingParents::make : MissingParents::fail};
    const auto made = link.perform<FileVersion>(
        [&](FileClient& client) { return client.make_directory(request); });
    tally.add(outcome_of(made, options), link);
  }
  return tally.status();
}

}  // namespace

Result<MkdirOptions> read_mkdir(const Arguments& given) {
  MkdirOptions options;
  if (auto read = read_file_command(given, kMkdirUsage, options.common); !read) {
    return fail(read.error());
  }
  for (std::size_t i = 1; i < given.words.size(); ++i) {
    auto path = read_remote_path(given.words[i]);
    if (!path) return fail(std::move(path.error()));
    if (path->is_home()) {
      return fail(usage_error(quote(given.words[i]) + " is the home, which exists", kMkdirUsage));
    }
    options.paths.push_back(*std::move(path));
  }
  if (options.paths.empty()) return fail(usage_error("missing PATH", kMkdirUsage));
  options.makes_parents = given.has("--parents");
  return options;
}

Subcommand mkdir_subcommand() {
  return {.name = "mkdir",
          .summary = "make directories at an endpoint",
          .examples = kMkdirExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "PATH", .usage = "PATH...", .repeats = Repeats::yes}},
          .options = with_file_rows(
              {{.name = "--parents",
                .letter = 'p',
                .help = "make what is missing above it too, and accept what is there"}}),
          .description = kMkdirDescription,
          .notes = kFileNotes,
          .run = run_files_once<read_mkdir, perform_mkdir>,
          .run_on = run_files_on<read_mkdir, perform_mkdir>};
}

}  // namespace hotline::cli

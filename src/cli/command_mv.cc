#include "cli/command_mv.h"

#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr char kMvUsage[] = "hotline mv ENDPOINT FROM TO";

constexpr char kMvExamples[] =
    R"(  hotline mv tls://files.example.org:7070 draft.txt final.txt
  hotline mv tls://files.example.org:7070 final.txt archive/
)";

constexpr char kMvDescription[] =
    R"(Gives a file or directory among the files at ENDPOINT another name. If TO ends with '/', it
goes into that directory under its own name. What is in use is replaced only with -f.
)";

/// The home is a directory, however it is written.
Result<FilePath> read_target(const std::string& word, const FilePath& from) {
  auto to = read_remote_path(word);
  const bool is_into = to && (to->is_home() || word.ends_with('/'));
  if (!is_into) return to;
  const std::string directory = to->is_home() ? std::string() : to->text() + '/';
  return read_remote_path(directory + std::string(from.leaf()));
}

bool is_file(FileLink& link, const FilePath& path) {
  const auto stat = link.perform<FileDescription>(
      [&](FileClient& client) { return client.stat({.path = path}); });
  return stat && stat->meta.kind == FileKind::file;
}

/// Adds what helps: -f does only for two files.
FileFailure with_mv_hint(FileFailure failure, FileLink& link, const MvOptions& options) {
  if (failure.is(FileErrorCode::unsupported)) {
    failure.advice =
        "get it, put it under the new name, and then remove the old one: 'hotline get', "
        "'hotline put' and 'hotline rm'";
  }
  if (!failure.is(FileErrorCode::exists)) return failure;
  if (!is_file(link, options.from) || !is_file(link, options.to)) {
    failure.advice =
        "only a file replaces a file: remove what has the name first, or end TO with '/' to move "
        "into that directory";
  } else if (!options.replaces) {
    failure.advice = "-f replaces a file that has the name";
  }
  return failure;
}

ExitStatus perform_mv(FileLink& link, const MvOptions& options, const CommonOptions&) {
  const MoveFile request{
      .path = options.from,
      .target = options.to,
      .replacement = {.on_exist = options.replaces ? OnExist::replace : OnExist::fail}};
  const auto moved =
      link.perform<FileVersion>([&](FileClient& client) { return client.move(request); });
  if (moved) return ExitStatus::ok;
  return report_file_failure(with_mv_hint(moved.error(), link, options), link);
}

}  // namespace

Result<MvOptions> read_mv(const Arguments& given) {
  MvOptions options;
  if (auto read = read_file_command(given, kMvUsage, options.common); !read) {
    return fail(read.error());
  }
  if (given.words.size() < 3) return fail(usage_error("missing FROM or TO", kMvUsage));
  auto from = read_remote_path(given.words[1]);
  if (!from) return fail(std::move(from.error()));
  if (from->is_home()) {
    return fail(usage_error("the home itself cannot be moved", "name something in it"));
  }
  auto to = read_target(given.words[2], *from);
  if (!to) return fail(std::move(to.error()));
  options.from = *std::move(from);
  options.to = *std::move(to);
  options.replaces = given.has("--force");
  return options;
}

Subcommand mv_subcommand() {
  return {.name = "mv",
          .summary = "rename a file at an endpoint",
          .examples = kMvExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "FROM", .usage = "FROM"},
                       {.name = "TO", .usage = "TO"}},
          .options = with_file_rows(
              {{.name = "--force", .letter = 'f', .help = "replace a file that has the name"}}),
          .description = kMvDescription,
          .notes = kFileNotes,
          .run = run_files_once<read_mv, perform_mv>,
          .run_on = run_files_on<read_mv, perform_mv>};
}

}  // namespace hotline::cli

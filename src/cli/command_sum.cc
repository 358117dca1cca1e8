#include "cli/command_sum.h"

#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/option_values.h"
#include "cli/remote_glob.h"
#include "cli/report.h"
#include "hotline/core/hex.h"

namespace hotline::cli {
namespace {

constexpr char kSumUsage[] = "hotline sum ENDPOINT PATH...";

constexpr char kSumExamples[] =
    R"(  hotline sum tls://files.example.org:7070 film.mkv
  hotline sum --digest md5 tls://files.example.org:7070 'docs/*'
)";

constexpr char kSumDescription[] =
    R"(Prints the digests of files at ENDPOINT as sha256sum(1) prints them: the server reads each
file to its end.
)";

std::string sum_line(const RemoteName& name, const FileDigest& digest, OutputForm form) {
  const std::string hex = to_hex(Bytes(digest.bytes).first(size_of(digest.kind)));
  if (form == OutputForm::text) return hex + "  " + shown_path(name.path.text()) + '\n';
  return JsonLine::versioned().add("path", name.path.text()).add("digest", hex).text() + '\n';
}

void print_sum(FileLink& link, const RemoteName& name, FileDigestKind digest, FileTally& tally) {
  if (name.meta.kind != FileKind::file) {
    const FileFailure failure(
        make_error(ErrorKind::invalid_argument, "sum", link.to().uri,
                   quote(name.path.is_home() ? "/" : name.path.text()) + " is not a file"),
        FileError{.code = FileErrorCode::not_a_file}, false);
    return tally.add(std::unexpected(failure), link);
  }
  const auto stat = link.perform<FileDescription>(
      [&](FileClient& client) { return client.stat({.path = name.path, .digest = digest}); });
  if (!stat) return tally.add(std::unexpected(stat.error()), link);
  const ExitStatus printed =
      print_output(sum_line(name, stat->digest, link.to().form), ExitStatus::ok, link.to().form);
  if (printed != ExitStatus::ok) return tally.end_with(printed);
  tally.add({}, link);
}

/// What matches a pattern and is not a file is left out.
void print_sums(FileLink& link, const std::string& word, FileDigestKind digest, FileTally& tally) {
  const auto found = find_remote(link, word);
  if (!found) return tally.add(std::unexpected(found.error()), link);
  for (const RemoteName& each : *found) {
    if (each.meta.kind != FileKind::file && is_glob(word)) continue;
    print_sum(link, each, digest, tally);
    if (tally.is_over()) return;
  }
}

ExitStatus perform_sum(FileLink& link, const SumOptions& options, const CommonOptions&) {
  FileTally tally;
  for (const std::string& word : options.paths) {
    if (!tally.is_over()) print_sums(link, word, options.digest, tally);
  }
  return tally.status();
}

}  // namespace

Result<SumOptions> read_sum(const Arguments& given) {
  SumOptions options;
  if (auto read = read_file_command(given, kSumUsage, options.common); !read) {
    return fail(read.error());
  }
  auto words = remote_words(given);
  if (!words) return fail(std::move(words.error()));
  options.paths = *std::move(words);
  if (options.paths.empty()) return fail(usage_error("missing PATH", kSumUsage));
  if (!given.has("--digest")) return options;
  const std::string& digest = given.options.at("--digest");
  if (digest == "md5") options.digest = FileDigestKind::md5;
  if (digest == "md5" || digest == "sha256") return options;
  return refuse_value("--digest",
                      usage_error(quote(digest) + " is not a digest", "write sha256 or md5"));
}

Subcommand sum_subcommand() {
  return {.name = "sum",
          .summary = "print digests of files at an endpoint",
          .examples = kSumExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes},
                       {.name = "PATH", .usage = "PATH...", .repeats = Repeats::yes}},
          .options = with_file_rows({{.name = "--digest",
                                      .value = "KIND",
                                      .help = "sha256 (the default) or md5",
                                      .choices = {"sha256", "md5"}},
                                     literal_row()}),
          .description = kSumDescription,
          .notes = kPatternNotes,
          .run = run_files_once<read_sum, perform_sum>,
          .run_on = run_files_on<read_sum, perform_sum>};
}

}  // namespace hotline::cli

#include "cli/command_uploads.h"

#include <algorithm>
#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/file_text.h"
#include "cli/option_values.h"
#include "cli/report.h"
#include "cli/text_layout.h"
#include "hotline/core/hex.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

constexpr char kUploadsUsage[] = "hotline files uploads ENDPOINT";

constexpr char kUploadsExamples[] =
    R"(  hotline files uploads tls://files.example.org:7070
  hotline files uploads tls://files.example.org:7070 --drop film.mkv
)";

constexpr char kUploadsDescription[] =
    R"(Lists the unfinished uploads of the user at ENDPOINT: they take from the quota until they are
finished, dropped, or too old for the server. The same 'put' finishes one.
)";

std::string key_text(const UploadEntry& upload) { return to_hex(Bytes(upload.key)); }

std::string upload_size_text(std::uint64_t size) {
  return size == kFileSizeUnknown ? "-" : size_text(size);
}

std::string age_text(FileTime last_byte) {
  const auto age = std::max<FileTime::duration>(
      FileTime::duration::zero(),
      std::chrono::time_point_cast<FileTime::duration>(wall_clock_now()) - last_byte);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  if (minutes < 60) return std::to_string(minutes) + " min";
  if (minutes < 60 * 48) return std::to_string(minutes / 60) + " h";
  return std::to_string(minutes / 60 / 24) + " days";
}

std::string uploads_table(const std::vector<UploadEntry>& uploads) {
  if (uploads.empty()) return {};
  std::vector<std::vector<std::string>> rows = {{"KEPT", "SIZE", "AGE", "KEY", "PATH"}};
  for (const UploadEntry& each : uploads) {
    rows.push_back({size_text(each.kept), upload_size_text(each.size), age_text(each.last_byte),
                    key_text(each), shown_path(each.path.text())});
  }
  return table(rows);
}

std::string json_of_uploads(const std::vector<UploadEntry>& uploads) {
  std::string text;
  for (const UploadEntry& each : uploads) {
    JsonLine upload;
    upload.add("key", key_text(each)).add("path", each.path.text());
    if (each.size != kFileSizeUnknown) upload.add("size", static_cast<std::int64_t>(each.size));
    upload.add("kept", static_cast<std::int64_t>(each.kept));
    upload.add("last_byte", file_time_json(each.last_byte));
    text += JsonLine::versioned().add("upload", upload).text() + '\n';
  }
  return text;
}

bool has_key(const std::vector<UploadEntry>& uploads, const UploadKey& key) {
  return std::ranges::find(uploads, key, &UploadEntry::key) != uploads.end();
}

bool is_named(const UploadEntry& upload, const std::string& word) {
  const auto path = read_remote_path(word);
  return key_text(upload) == word || (path && upload.path == *path);
}

/// Returns what the options say is to be dropped. Counts words that no upload has.
std::vector<UploadEntry> chosen_uploads(FileLink& link, const UploadsOptions& options,
                                        const std::vector<UploadEntry>& uploads, FileTally& tally) {
  if (options.drops_all) return uploads;
  std::vector<UploadEntry> chosen;
  for (const std::string& word : options.drops) {
    bool is_known = false;
    for (const UploadEntry& each : uploads) {
      if (!is_named(each, word)) continue;
      is_known = true;
      if (!has_key(chosen, each.key)) chosen.push_back(each);
    }
    if (is_known) continue;
    Error error = make_error(ErrorKind::not_found, "drop an upload at", link.to().uri,
                             quote(word) + ": there is no such upload");
    error.advice = "without --drop, all are listed";
    tally.add(std::unexpected(FileFailure(std::move(error),
                                          FileError{.code = FileErrorCode::not_found}, false)),
              link);
  }
  return chosen;
}

ExitStatus perform_uploads(FileLink& link, const UploadsOptions& options,
                           const CommonOptions& common) {
  const auto uploads =
      link.perform<std::vector<UploadEntry>>([](FileClient& client) { return client.uploads(); });
  if (!uploads) return report_file_failure(uploads.error(), link);
  if (!options.drops_all && options.drops.empty()) {
    const bool is_json = common.output == OutputForm::json;
    return print_output(is_json ? json_of_uploads(*uploads) : uploads_table(*uploads),
                        ExitStatus::ok, common.output);
  }
  FileTally tally;
  for (const UploadEntry& each : chosen_uploads(link, options, *uploads, tally)) {
    if (tally.is_over()) break;
    tally.add(link.perform<void>([&](FileClient& client) { return client.drop(each.key); }), link);
  }
  return tally.status();
}

}  // namespace

bool is_upload_key(std::string_view word) {
  return word.size() == 2 * sizeof(UploadKey) &&
         word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<UploadsOptions> read_uploads(const Arguments& given) {
  UploadsOptions options;
  if (auto read = read_file_command(given, kUploadsUsage, options.common); !read) {
    return fail(read.error());
  }
  if (given.has("--drop")) options.drops = given.all.at("--drop");
  options.drops_all = given.has("--drop-all");
  if (options.drops_all && !options.drops.empty()) {
    return fail(usage_error("--drop and --drop-all exclude each other", "leave one of them out"));
  }
  return options;
}

Subcommand uploads_subcommand() {
  return {.name = "uploads",
          .summary = "list or drop the unfinished uploads of a user",
          .examples = kUploadsExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = stream_prefixes}},
          .options = with_file_rows(
              {{.name = "--drop",
                .value = "PATH",
                .help = "uploads: drop those to PATH, or the one with that key; may be repeated"},
               {.name = "--drop-all", .help = "uploads: drop all of them"}}),
          .description = kUploadsDescription,
          .notes = kFileNotes,
          .run = run_files_once<read_uploads, perform_uploads>,
          .run_on = run_files_on<read_uploads, perform_uploads>};
}

}  // namespace hotline::cli

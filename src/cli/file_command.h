#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/file_link.h"
#include "cli/option_row.h"
#include "cli/report.h"
#include "hotline/core/result.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_path.h"

// What the commands for files have in common.

namespace hotline::cli {

/// The options of every command for files.
struct FileCommandOptions {
  std::string endpoint = {};
  Duration connect_timeout = std::chrono::seconds(30);
  Duration retry_for = std::chrono::minutes(10);
  std::string_view afterword = {};  ///< What is noted if a signal ends the command. Static.
};

/// Reads the endpoint, which is the first word, and the options. `usage` says what to write if it
/// is missing.
Result<void> read_file_command(const Arguments& given, std::string_view usage,
                               FileCommandOptions& options);

/// Returns `own` and the options of every command for files.
std::vector<OptionRow> with_file_rows(std::vector<OptionRow> own);

/// Takes SIGUSR1, by which a user asks how far transfers are, for the rest of this program: one
/// that comes after them does not end it. nullopt: it has its usual effect, such as without
/// descriptors.
std::optional<Signals> take_progress_signal();

/// Returns the connection that the options ask for, which is made when it is needed. `asked`
/// outlives it.
FileLink::To link_to(const FileCommandOptions& options, const CommonOptions& common,
                     std::optional<Signals>& asked);

/// Runs `work` on a fiber with a connection that is made when it is needed. SIGINT and SIGTERM end
/// the work and then this program.
ExitStatus run_file_command(const FileCommandOptions& options, const CommonOptions& common,
                            const std::function<ExitStatus(FileLink&)>& work);

/// A `run` of Subcommand: `read` turns the arguments into the command's options, and `perform` does
/// the work. A mistake in the arguments is reported with status 2.
template <auto read, auto perform>
ExitStatus run_files_once(const Arguments& given, const CommonOptions& common) {
  const auto options = read(given);
  if (!options) return report_error(options.error(), ExitStatus::usage, common.output);
  return run_file_command(options->common, common,
                          [&](FileLink& link) { return perform(link, *options, common); });
}

/// Returns a usage_error() that shows commands as they are typed at the prompt, without `hotline`
/// and ENDPOINT.
Error at_prompt(Error error);

/// A `run_on` of Subcommand.
template <auto read, auto perform>
ExitStatus run_files_on(FileLink& link, const Arguments& given, const CommonOptions& common) {
  const auto options = read(given);
  if (!options) return report_error(at_prompt(options.error()), ExitStatus::usage, common.output);
  return perform(link, *options, common);
}

/// How a transfer continues after a signal.
inline constexpr std::string_view kGoesOn =
    "interrupted; the same command goes on where it stopped";

/// The status of a command that does several things, one after another.
class FileTally {
 public:
  /// Counts what was done, or reports why it was not.
  void add(const FileResult<void>& done, const FileLink& link);

  /// Notes that the output has failed: nothing more is to be begun, and the status is this.
  void end_with(ExitStatus status);

  /// Returns `ok` if all was done, `partial` if some was, and otherwise what the first failure
  /// says.
  ExitStatus status() const;

  /// Returns true if a signal has come, the server is lost, or the output has failed: nothing more
  /// is to be begun.
  bool is_over() const { return is_over_; }

 private:
  bool has_done_ = false;
  bool is_over_ = false;
  std::optional<ExitStatus> end_{};
  ExitStatus first_failure_ = ExitStatus::ok;
};

/// Reports a failure, and returns the exit status for it.
ExitStatus report_file_failure(const FileFailure& failure, const FileLink& link);

/// Returns a failure with another hint, if the server has answered with `code`: that of an option
/// that helps.
FileFailure with_hint(FileFailure failure, FileErrorCode code, std::string advice);

/// Notes that the transfer of `name` goes on at `offset`, unless that is its beginning; or that it
/// goes back to it, if it has begun at `before` last.
void report_begin(const std::string& name, std::uint64_t offset, std::uint64_t before,
                  const FileLink& link);

/// Returns the path that a user has written: one `/` at its beginning and its end are left out, and
/// `.` is the home. Fails with a usage_error().
Result<FilePath> read_remote_path(std::string_view word);

/// Returns the words of a command after the endpoint that stand for files at the server: patterns,
/// or with --literal names. Fails with a usage_error() if one of them cannot stand for a file.
Result<std::vector<std::string>> remote_words(const Arguments& given);

/// `--literal` of the commands that take patterns.
OptionRow literal_row();

/// Returns a path as a terminal may show it: control characters, and what is not UTF-8, are
/// escaped.
std::string shown_path(std::string_view path);

/// The notes of the help of commands that take a path at the server as it is written.
inline constexpr char kFileNotes[] =
    "A PATH at the server is relative to the home of the user. TIME is written 500ms, 60s, 2m, 1h "
    "or none.\n";

/// The same for those that take patterns.
inline constexpr char kPatternNotes[] =
    "A PATH at the server is relative to the home of the user; `*`, `?`, `[a-z]` and `**` in it "
    "stand for what is there. TIME is written 500ms, 60s, 2m, 1h or none.\n";

}  // namespace hotline::cli

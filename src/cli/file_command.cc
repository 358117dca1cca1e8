#include "cli/file_command.h"

#include <csignal>
#include <utility>

#include "cli/file_status.h"
#include "cli/file_text.h"
#include "cli/option_values.h"
#include "cli/prompt_words.h"
#include "cli/remote_glob.h"
#include "cli/until_signal.h"
#include "hotline/core/bytes.h"
#include "hotline/core/duration.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/standard_streams.h"

namespace hotline::cli {

Result<void> read_file_command(const Arguments& given, std::string_view usage,
                               FileCommandOptions& options) {
  if (given.words.empty()) {
    return fail(usage_error("missing ENDPOINT", "write '" + std::string(usage) + "'"));
  }
  options.endpoint = given.words.front();
  if (auto read = read_limit(given, "--timeout", options.connect_timeout); !read) return read;
  return read_duration(given, "--retry-for", options.retry_for);
}

std::vector<OptionRow> with_file_rows(std::vector<OptionRow> own) {
  const FileCommandOptions defaults;
  own.push_back({.name = "--timeout",
                 .value = "TIME",
                 .help = "give up connecting after TIME (default " +
                         format_duration(defaults.connect_timeout) + ")"});
  own.push_back({.name = "--retry-for",
                 .value = "TIME",
                 .help = "after a loss of the connection, try again for TIME (default " +
                         format_duration(defaults.retry_for) + "; 0s: not at all)"});
  own.push_back({.name = "--json", .help = "print JSON objects, one on each line"});
  own.push_back({.name = "--home",
                 .value = "DIR",
                 .help = "take the keys for tls:// from DIR, and keep notes on downloads there"});
  return own;
}

std::optional<Signals> take_progress_signal() {
  auto signals = Signals::block(without_ignored({SIGUSR1}));
  if (!signals) return std::nullopt;
  signals->keep_blocked();
  return std::move(*signals);
}

FileLink::To link_to(const FileCommandOptions& options, const CommonOptions& common,
                     std::optional<Signals>& asked) {
  return {.uri = options.endpoint,
          .home = common.home,
          .connect_timeout = options.connect_timeout,
          .retry_for = options.retry_for,
          .form = common.output,
          .asked = asked ? &*asked : nullptr};
}

ExitStatus run_file_command(const FileCommandOptions& options, const CommonOptions& common,
                            const std::function<ExitStatus(FileLink&)>& work) {
  // A reader of the output that leaves ends the work, not the program.
  fail_lost_writes();
  ExitStatus status = ExitStatus::failed;
  auto asked = take_progress_signal();
  const auto signal = run_until_signal([&] {
    FileLink link(link_to(options, common, asked));
    status = work(link);
    link.finish();
  });
  if (!signal) return report_error(signal.error(), ExitStatus::failed, common.output);
  if (*signal) {
    if (!options.afterword.empty()) report_note(options.afterword, common.output);
    end_by_signal(**signal);
  }
  return status;
}

ExitStatus report_file_failure(const FileFailure& failure, const FileLink& link) {
  const ExitStatus status = status_of_file_failure(failure, link.has_connected());
  // A signal has come, and says it.
  if (failure.kind == ErrorKind::cancelled && !failure.answer) return status;
  return report_error(failure, status, link.to().form);
}

FileFailure with_hint(FileFailure failure, FileErrorCode code, std::string advice) {
  if (failure.answer && failure.answer->code == code) failure.advice = std::move(advice);
  return failure;
}

Error at_prompt(Error error) {
  for (std::string* const text : {&error.detail, &error.advice}) {
    for (const std::string_view word : {"hotline ", " ENDPOINT"}) {
      for (auto at = text->find(word); at != text->npos; at = text->find(word)) {
        text->erase(at, word.size());
      }
    }
  }
  return error;
}

void report_begin(const std::string& name, std::uint64_t offset, std::uint64_t before,
                  const FileLink& link) {
  const bool goes_back = offset < before;
  if (offset == 0 && !goes_back) return;
  report_note(
      shown_path(name) + (goes_back ? " goes back to " : " goes on at ") + size_text(offset),
      link.to().form);
}

void FileTally::add(const FileResult<void>& done, const FileLink& link) {
  if (done) {
    has_done_ = true;
    return;
  }
  const ExitStatus status = report_file_failure(done.error(), link);
  if (first_failure_ == ExitStatus::ok) first_failure_ = status;
  const bool is_cancelled = done.error().kind == ErrorKind::cancelled && !done.error().answer;
  is_over_ = is_cancelled || is_server_lost(done.error(), link.has_connected());
}

void FileTally::end_with(ExitStatus status) {
  end_ = status;
  is_over_ = true;
}

ExitStatus FileTally::status() const {
  if (end_) return *end_;
  return has_done_ && first_failure_ != ExitStatus::ok ? ExitStatus::partial : first_failure_;
}

Result<FilePath> read_remote_path(std::string_view word) {
  std::string_view text = word;
  if (text.starts_with("./")) text.remove_prefix(2);
  if (text.starts_with('/')) text.remove_prefix(1);
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text == ".") text = {};
  const auto path = FilePath::parse(text);
  if (path) return *path;
  return fail(usage_error(quote(word) + " is not a path: " + std::string(describe(path.error())),
                          "write it as 'docs/report.pdf'"));
}

Result<std::vector<std::string>> remote_words(const Arguments& given) {
  std::vector<std::string> words(given.words.begin() + 1, given.words.end());
  const bool are_names = given.has("--literal");
  for (std::string& each : words) {
    if (are_names && has_pattern_sign(each)) each = pattern_of(each);
    if (auto path = fixed_path(each); !path) return fail(std::move(path.error()));
  }
  return words;
}

OptionRow literal_row() {
  return {.name = "--literal", .help = "take each PATH as it is, not as a pattern"};
}

std::string shown_path(std::string_view path) {
  const bool is_plain = !fault_in_new_name(path);
  return is_plain ? std::string(path) : escape(as_bytes(path), path.size());
}

}  // namespace hotline::cli

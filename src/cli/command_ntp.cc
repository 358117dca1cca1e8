#include "cli/command_ntp.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/ntp_text.h"
#include "cli/ntp_watch.h"
#include "cli/option_values.h"
#include "cli/until_signal.h"
#include "hotline/core/duration.h"
#include "hotline/engine/inherited_signals.h"

namespace hotline::cli {
namespace {

constexpr char kNtpExamples[] =
    R"(  hotline ntp pool.ntp.org
  hotline ntp --samples 8 --interval 500ms 127.0.0.1:11123
  hotline ntp --interleaved --watch '[::1]:11123'
  hotline ntp --key 1 --key-file ntp.keys --json time.example
)";

constexpr char kNtpDescription[] =
    R"(Asks an NTP server by how much the clock of this machine is wrong. It never sets the clock.

It takes several samples and shows the one with the least delay, with the greatest error that it can
have. A positive offset means that this machine's clock is slow. Each request has a random number:
replies without it, which may be forged or late, are dropped and counted as foreign. A sample is
discarded if its times contradict each other, or if the clock of this machine is set while the reply
is on its way.

A lost reply is made up for by another request. After three in a row, after a refusal, and after ^C
it prints the result of the samples that it has, and says why it ended early.

With --watch it draws offset and delay as they come, until ^C or for --samples requests, and then
prints a summary of the last samples. Where standard output is not a terminal it prints a line for
each sample.

The exit status is 0 if there is a result, 5 if the server refuses or cannot be reached, 6 if no
reply comes, and 1 if the reply is not usable: its clock is not synchronised, for example. After ^C
it is 130 all the same, except with --watch without --samples, which ^C ends in order.
)";

constexpr char kNtpNotes[] =
    R"(Without a PORT it is 123. An IPv6 address with a port is written in brackets: [::1]:123. Many
servers do not answer more often than every 2 s.

A line of the key file is 'ID TYPE KEY', as in those of chronyd and ntpd. The types are MD5, SHA1
and AES128. Only its owner may have permission to read it.
)";

std::vector<OptionRow> ntp_rows() {
  const NtpClientOptions defaults;
  return {
      {.name = "--samples",
       .value = "N",
       .help = "take N samples (default " + std::to_string(defaults.samples) +
               "); with --watch, ask N times (default: until interrupted)"},
      {.name = "--interval",
       .value = "TIME",
       .help = "ask once in TIME (default " + format_duration(defaults.interval) + ")"},
      {.name = "--timeout",
       .value = "TIME",
       .help = "wait TIME for a reply (default " + format_duration(defaults.reply_timeout) + ")"},
      {.name = "--interleaved",
       .help = "use the interleaved mode if the server knows it: its times are more precise"},
      {.name = "--ntp-version", .value = "N", .help = "use version N of NTP, 1 to 4 (default 4)"},
      {.name = "--key", .value = "ID", .help = "authenticate with the key ID of the key file"},
      {.name = "--key-file", .value = "FILE", .help = "the key file"},
      {.name = "--watch", .help = "show each sample until interrupted"},
      {.name = "--json",
       .help = "print one JSON object; with --watch, one for each sample and one at the end"},
  };
}

/// Reads a number up to `max`.
template <typename Number>
Result<void> read_number(const Arguments& given, const std::string& option, std::size_t max,
                         Number& number) {
  std::optional<std::size_t> count;
  if (auto read = read_count(given, option, count, max); !read) return read;
  if (count) number = static_cast<Number>(*count);
  return {};
}

Result<void> read_ntp_key(const Arguments& given, NtpClientOptions& options) {
  if (given.has("--key") != given.has("--key-file")) {
    return fail(usage_error("--key and --key-file belong together",
                            "write for example '--key 1 --key-file ntp.keys'"));
  }
  if (!given.has("--key")) return {};
  options.key = NtpKeyChoice{given.options.at("--key-file"), 0};
  return read_number(given, "--key", UINT32_MAX, options.key->id);
}

Result<void> read_times(const Arguments& given, NtpClientOptions& options) {
  if (auto read = read_duration(given, "--interval", options.interval); !read) return read;
  if (options.interval < std::chrono::milliseconds(1) ||
      options.interval > std::chrono::hours(24 * 365)) {
    return refuse_value("--interval",
                        usage_error("it is not from 1ms to a year", "write for example 2s"));
  }
  return read_limit(given, "--timeout", options.reply_timeout);
}

/// Returns the status of a measurement without a result.
ExitStatus status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::timed_out: return ExitStatus::timed_out;
    case ErrorKind::refused:
    case ErrorKind::permission_denied:
    case ErrorKind::resource_exhausted:
    case ErrorKind::unreachable: return ExitStatus::unreachable;
    case ErrorKind::invalid_argument: return ExitStatus::usage;
    default: return ExitStatus::failed;
  }
}

/// Returns the status if the client cannot be made. The key file is a part of the command line.
ExitStatus status_of_opening(const Error& error) {
  const bool is_of_file =
      error.kind == ErrorKind::permission_denied || error.kind == ErrorKind::not_found;
  return is_of_file ? ExitStatus::usage : status_of(error);
}

/// Measures until all samples have come or a signal ends it.
ExitStatus measure_ntp(NtpClient& client, const std::string& server, OutputForm form) {
  Result<NtpReport> report;
  const auto signal = run_until_signal([&] { report = client.measure(); });
  if (!signal) return report_error(signal.error(), ExitStatus::failed, form);
  const bool is_cut = *signal && (!report || report->ended_early);
  if (is_cut && !report) end_by_signal(**signal);
  if (!report) return report_error(report.error(), status_of(report.error()), form);
  if (is_cut) report->ended_early = make_error(ErrorKind::cancelled, {}, {}, "interrupted");
  const ExitStatus status =
      print_output(form == OutputForm::json ? ntp_json_of(*report, server).text() + '\n'
                                            : ntp_text_of(*report, server),
                   ExitStatus::ok, form);
  if (is_cut) end_by_signal(**signal);
  return status;
}

ExitStatus ask_ntp(const NtpQuery& options, const CommonOptions& common) {
  auto client = NtpClient::open(options.uri, options.client);
  if (!client) {
    return report_error(client.error(), status_of_opening(client.error()), common.output);
  }
  const std::string server = Endpoint::parse(options.uri)->to_string();
  if (options.is_watch) {
    return watch_ntp(*client, server, {common.output, options.watch_requests_max});
  }
  return measure_ntp(*client, server, common.output);
}

}  // namespace

Result<NtpQuery> read_ntp(const Arguments& given) {
  if (given.words.empty()) {
    return fail(usage_error("missing HOST", "write for example 'hotline ntp pool.ntp.org'"));
  }
  if (given.words.front().empty()) {
    return fail(usage_error("HOST is empty", "write for example 'hotline ntp 127.0.0.1'"));
  }
  NtpQuery options;
  options.uri = NtpClient::uri_of(given.words.front());
  options.is_watch = given.has("--watch");
  NtpClientOptions& client = options.client;
  if (given.has("--interleaved")) client.mode = NtpExchangeMode::interleaved;
  if (auto read = read_number(given, "--samples", 10'000, client.samples); !read) {
    return fail(read.error());
  }
  if (options.is_watch && given.has("--samples")) options.watch_requests_max = client.samples;
  if (auto read = read_number(given, "--ntp-version", 4, client.version); !read) {
    return fail(read.error());
  }
  if (auto read = read_times(given, client); !read) return fail(read.error());
  if (auto read = read_ntp_key(given, client); !read) return fail(read.error());
  return options;
}

Subcommand ntp_subcommand() {
  return {.name = "ntp",
          .summary = "ask an NTP server by how much the clock is wrong",
          .examples = kNtpExamples,
          .operands = {{.name = "HOST", .usage = "HOST[:PORT]"}},
          .options = ntp_rows(),
          .description = kNtpDescription,
          .notes = std::string(kTimes) + kNtpNotes,
          .run = read_and_run<read_ntp, ask_ntp>};
}

}  // namespace hotline::cli

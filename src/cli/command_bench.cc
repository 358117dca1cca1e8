#include "cli/command_bench.h"

#include <array>
#include <string_view>
#include <utility>

#include "cli/bench_run.h"
#include "cli/endpoint_forms.h"
#include "cli/option_values.h"
#include "hotline/core/choice.h"
#include "hotline/core/duration.h"
#include "hotline/core/rows.h"
#include "hotline/engine/read_file.h"
#include "hotline/net/endpoint.h"

namespace hotline::cli {
namespace {

constexpr char kBenchExamples[] =
    R"(  hotline bench tcp://127.0.0.1:8000
  hotline bench --connections 64 --duration 30s --warm-up 2s 'tcp://127.0.0.1:8000?framing=u32be'
  hotline bench --connections 100 --rate 20000 --svg latency.svg tls://HOST:8443
  hotline bench --per-connection 1 --connections 16 --messages 100000 unix:///run/upper.sock
  hotline bench --expect any --message '%H:%M' udp://127.0.0.1:8083
)";

constexpr char kBenchDescription[] =
    R"(Sends messages to ENDPOINT for some time, verifies every byte of the replies, and prints the
rate and the distribution of the latencies.

In a closed loop, which is the default, each connection sends a message when the reply to another
one has come, and has --depth messages under way at once. This shows how much a server can do. Its
latencies look better than those of users, who do not wait with their messages while a server
stalls.

With --rate it is an open loop: messages are due at fixed times, whether replies come or not, and
the latency is the time from when a message was due until its reply came. So it counts also for how
long the message could not be sent, because --depth others had no reply (coordinated omission).
A message that had no reply counts with the time for which it was waited, which is a lower bound.

A message is made up of letters and other bytes, with --size bytes, unless --message or --file is
given. The reply must be the same in upper case, as the service 'upper' answers, or what --expect
says. On a stream without a framing the reply ends after as many bytes as the message has.
A wrong reply, a byte too many, a message without a reply and a lost connection are errors; they are
counted. A connection that fails before its first reply is not made again. One that fails later is
made again, until three times --timeout have passed since the failure without a reply.

^C ends the load early and prints what there is.

The exit status is 0 if there was no error, 5 if no server answers at ENDPOINT, 6 if no reply came
in time, 1 after any other error, and 130 after ^C.
)";

constexpr char kBenchNotes[] =
    R"(BYTES may be followed by KiB or MiB. Percentiles are up to 0.8 % too high. In the picture the
parts 0 %, 90 %, 99 % and 99.9 % of the messages are equally far apart.

Where this program is as busy as the server, it measures itself: give it cores of its own, and
--threads.
)";

struct ExpectationRow {
  ExpectedReply kind;
  Choice choice;
};

constexpr ExpectationRow kExpectations[] = {
    {ExpectedReply::upper, {"upper", "upper", "the message in upper case"}},
    {ExpectedReply::echo, {"echo", "echo", "the message"}},
    {ExpectedReply::any, {"any", "any", "whatever comes"}},
};
static_assert(is_in_order(kExpectations, &ExpectationRow::kind));
constexpr auto kExpectationChoices = choices_of(kExpectations);

std::string or_none(const std::optional<Duration>& time) {
  return format_duration(time.value_or(kNoTimeout));
}

constexpr Duration kUsualDuration = std::chrono::seconds(10);

std::vector<OptionRow> load_rows() {
  const BenchOptions defaults;
  return {
      {.name = "--connections",
       .value = "N",
       .help = "keep N connections, or sockets for datagrams (default " +
               std::to_string(defaults.connections) + ")"},
      {.name = "--depth",
       .value = "N",
       .help = "at most N messages of a connection are without a reply at once (default " +
               std::to_string(BenchOptions::kClosedDepth) + ", with --rate " +
               std::to_string(BenchOptions::kOpenDepth) + ")"},
      {.name = "--rate",
       .value = "N",
       .help = "open loop: N messages a second are due, on all connections together"},
      {.name = "--duration",
       .value = "TIME",
       .help = "measure for TIME (default " + or_none(kUsualDuration) +
               ", with --messages none); with none, until ^C"},
      {.name = "--messages", .value = "N", .help = "end after N messages in all"},
      {.name = "--per-connection",
       .value = "N",
       .help = "close a connection after N messages and make another; the latency of the first one "
               "includes that"},
      {.name = "--warm-up",
       .value = "TIME",
       .help = "before, do the same for TIME without measuring it (default none)"},
      {.name = "--timeout",
       .value = "TIME",
       .help = "give up a connection if making it, or a reply, takes longer than TIME (default " +
               format_duration(defaults.timeout) + "); a datagram is then lost (default 1s)"},
      {.name = "--threads",
       .value = "N",
       .help = "divide the connections among N threads (default " +
               std::to_string(defaults.threads) + ")"},
  };
}

std::vector<OptionRow> message_rows() {
  return {{.name = "--size",
           .value = "BYTES",
           .help = "messages of BYTES are made up (default " +
                   std::to_string(BenchOptions::kBytes) + ")"},
          {.name = "--message", .value = "TEXT", .help = "each message is TEXT"},
          {.name = "--file", .value = "FILE", .help = "each message is the content of FILE"},
          {.name = "--expect",
           .value = "REPLY",
           .help = "what a reply must be: upper, echo (the message) or any (default upper)",
           .choices = names_of(kExpectationChoices)},
          {.name = "--svg",
           .value = "FILE",
           .help = "draw the distribution of the latencies in FILE, as SVG"},
          {.name = "--json", .help = "print one JSON object; times are in nanoseconds"},
          {.name = "--home", .value = "DIR", .help = "take the keys for tls:// from DIR"}};
}

std::vector<OptionRow> bench_rows() {
  std::vector<OptionRow> rows = load_rows();
  for (OptionRow& each : message_rows()) rows.push_back(std::move(each));
  return rows;
}

Result<void> read_bench_number(const Arguments& given, const std::string& option, std::size_t max,
                               std::size_t& number) {
  std::optional<std::size_t> count;
  if (auto read = read_count(given, option, count, max); !read) return read;
  number = count.value_or(number);
  return {};
}

Result<void> read_bench_numbers(const Arguments& given, BenchOptions& options) {
  using B = BenchOptions;
  const Result<void> all[] = {
      read_bench_number(given, "--connections", B::kConnectionsMax, options.connections),
      read_bench_number(given, "--threads", B::kThreadsMax, options.threads),
      read_count(given, "--depth", options.depth, B::kDepthMax),
      read_count(given, "--rate", options.rate, B::kRateMax),
      read_count(given, "--messages", options.messages, B::kMessagesMax),
      read_count(given, "--per-connection", options.per_connection, B::kMessagesMax)};
  for (const Result<void>& each : all) {
    if (!each) return each;
  }
  if (options.threads <= options.connections) return {};
  return refuse_value(
      "--threads", usage_error("there are fewer connections than threads",
                               "write --connections " + std::to_string(options.threads) + " too"));
}

Result<void> check_time(const std::string& option, Duration time) {
  if (time == kNoTimeout || time <= BenchOptions::kTimeMax) return {};
  return refuse_value(option, usage_error("it is more than 30 days", "write for example 10s"));
}

/// A datagram is lost more often than late.
Duration usual_timeout(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  const bool is_lossy = endpoint && is_datagram(endpoint->transport());
  return is_lossy ? std::chrono::seconds(1) : BenchOptions().timeout;
}

Result<void> read_bench_times(const Arguments& given, BenchOptions& options) {
  std::optional<Duration> duration;
  if (auto read = read_period(given, "--duration", duration); !read) return read;
  if (!duration && !options.messages) duration = kUsualDuration;
  if (duration != kNoTimeout) options.duration = duration;
  if (auto read = read_duration(given, "--warm-up", options.warm_up); !read) return read;
  if (options.warm_up == kNoTimeout) options.warm_up = Duration::zero();
  options.timeout = usual_timeout(options.endpoint);
  if (auto read = read_limit(given, "--timeout", options.timeout); !read) return read;
  if (auto checked = check_time("--duration", duration.value_or(kNoTimeout)); !checked) {
    return checked;
  }
  if (auto checked = check_time("--warm-up", options.warm_up); !checked) return checked;
  return check_time("--timeout", options.timeout);
}

Result<void> read_bench_message(const Arguments& given, BenchOptions& options) {
  std::optional<std::uint64_t> bytes;
  if (auto read = read_bytes(given, "--size", bytes); !read) return read;
  const int ways =
      (bytes ? 1 : 0) + (given.has("--message") ? 1 : 0) + (given.has("--file") ? 1 : 0);
  if (ways > 1) {
    return fail(usage_error("--size, --message and --file exclude each other", "give one of them"));
  }
  if (bytes && *bytes > BenchOptions::kBytesMax) {
    return refuse_value("--size", usage_error("it is more than 16 MiB", "write for example 64KiB"));
  }
  if (bytes) options.bytes = static_cast<std::size_t>(*bytes);
  if (given.has("--message")) options.message = given.options.at("--message");
  if (!given.has("--file")) return {};
  auto content = read_file(given.options.at("--file"), BenchOptions::kBytesMax);
  if (!content) return fail(std::move(content.error()));
  options.message = *std::move(content);
  return {};
}

Result<void> read_expectation(const Arguments& given, BenchOptions& options) {
  if (!given.has("--expect")) return {};
  const std::string& word = given.options.at("--expect");
  const ExpectationRow* const row = find_row(kExpectations, word);
  if (row == nullptr) {
    return refuse_value("--expect", unknown_choice("reply", word, kExpectationChoices));
  }
  options.expected = row->kind;
  return {};
}

Result<void> read_svg(const Arguments& given, BenchOptions& options) {
  if (!given.has("--svg")) return {};
  options.svg = given.options.at("--svg");
  if (!options.svg.empty()) return {};
  return refuse_value("--svg", usage_error("FILE is empty", "write for example latency.svg"));
}

}  // namespace

Result<BenchOptions> read_bench(const Arguments& given) {
  if (given.words.empty()) {
    return fail(
        usage_error("missing ENDPOINT", "write for example 'hotline bench tcp://127.0.0.1:8000'"));
  }
  BenchOptions options;
  options.endpoint = given.words.front();
  constexpr std::array kReaders = {read_bench_numbers, read_bench_times, read_bench_message,
                                   read_expectation, read_svg};
  for (const auto reader : kReaders) {
    if (auto read = reader(given, options); !read) return fail(std::move(read.error()));
  }
  return options;
}

Subcommand bench_subcommand() {
  return {.name = "bench",
          .summary = "put an endpoint under load and measure its latency",
          .examples = kBenchExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = call_prefixes}},
          .options = bench_rows(),
          .description = kBenchDescription,
          .notes = std::string(kTimes) + kBenchNotes,
          .run = read_and_run<read_bench, run_bench>};
}

}  // namespace hotline::cli

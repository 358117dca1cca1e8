#include "cli/command_time.h"

#include <algorithm>

#include "cli/client_call.h"
#include "cli/endpoint_forms.h"
#include "cli/report.h"
#include "hotline/net/endpoint.h"
#include "hotline/services/time.h"

namespace hotline::cli {
namespace {

constexpr char kTimeExamples[] = R"(  hotline time udp://127.0.0.1:8083
  hotline time udp://127.0.0.1:8083 '%d.%m.%Y %H:%M'
  printf '%%A\n\n' | hotline time udp://127.0.0.1:8083
)";

constexpr char kTimeDescription[] =
    R"(Asks the service 'time' at ENDPOINT for the local time of the server, and prints the reply.
FORMAT says how it is written, as in strftime(3): '%H:%M' for example. An empty FORMAT stands for
%Y-%m-%d-%X.

Without a FORMAT, each line of standard input is one, and a blank line is an empty one. The line
'quit' or the end of input ends it. At a terminal there is a prompt with editing and a history as in
'hotline call'.

A datagram (udp, unixgram) without a reply within --linger is sent again, at most twice. A stream
needs the framing of the server, as in '?framing=lines'.

The exit status is 0 if every reply was a time, and 1 if one was an error of the server.
)";

/// Returns true if messages have no boundaries there.
bool is_raw_stream(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  return endpoint && !is_datagram(endpoint->transport()) &&
         std::ranges::count(endpoint->options(), "framing", &EndpointOption::key) == 0;
}

}  // namespace

Result<CallOptions> read_time(const Arguments& given) {
  if (given.words.empty()) {
    return fail(
        usage_error("missing ENDPOINT", "write for example 'hotline time udp://127.0.0.1:8083'"));
  }
  auto options = read_call_options(given);
  if (!options) return options;
  options->endpoint = given.words.front();
  if (is_raw_stream(options->endpoint)) {
    return fail(usage_error("a stream without a framing has no messages",
                            "use udp://, or the framing of the server, as in ?framing=lines"));
  }
  options->messages.assign(given.words.begin() + 1, given.words.end());
  options->lines = {.quit = QuitLine::ends, .blank = BlankLine::is_empty_message};
  // A text that was asked for is not an error.
  const bool asks_for_prefix = std::ranges::any_of(options->messages, [](const std::string& each) {
    return each.starts_with(kTimeErrorPrefix);
  });
  if (!asks_for_prefix) options->error_prefix = kTimeErrorPrefix;
  return options;
}

Subcommand time_subcommand() {
  return {.name = "time",
          .summary = "ask a server for the time, as text",
          .examples = kTimeExamples,
          .operands = {{.name = "ENDPOINT", .usage = "ENDPOINT", .choices = call_prefixes},
                       {.name = "FORMAT", .usage = "[FORMAT]"}},
          .options = call_rows(),
          .description = kTimeDescription,
          .notes = kTimes,
          .run = read_and_run<read_time, hold_call>};
}

}  // namespace hotline::cli

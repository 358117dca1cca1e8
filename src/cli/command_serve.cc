#include "cli/command_serve.h"

#include <algorithm>
#include <utility>

#include "cli/endpoint_forms.h"
#include "cli/option_values.h"
#include "cli/service_registry.h"
#include "hotline/core/choice.h"
#include "hotline/core/duration.h"

namespace hotline::cli {
namespace {

// Longer, a processor is spent for what comes rarely.
constexpr Duration kSpinMax = std::chrono::milliseconds(1);

constexpr char kServeExamples[] =
    R"(  hotline serve upper=tcp://127.0.0.1:8000
  hotline serve upper=tcp://:8000 upper=udp://:8000 upper=unix:///tmp/upper.sock
  hotline serve --once upper=tcp://127.0.0.1:8000        one call, then exit
)";

constexpr char kServeDescription[] =
    R"(Binds every ENDPOINT and serves SERVICE there. When all are bound, it prints the line
'listening SERVICE ENDPOINT' for each on standard error, with the real port. If one cannot be
bound, none is served, and the exit status is 1.

SIGTERM and the first ^C drain the server: it accepts no new callers, and calls under way may
finish. A second signal ends them at once. The exit status is 0 after either. If ^C is ignored when
the server starts (as in the background of a script), it stays ignored.

SIGHUP makes the server read its keys, certificates and the files of secret-file= and keys= again,
for new calls. If one of them is bad, the log says which, and all old ones stay in use. If the
terminal of the server is closed, SIGHUP drains it instead, unless it was started with nohup.
)";

constexpr char kServeNotes[] =
    R"('hotline services' lists the services. 'hotline help endpoints' describes endpoints.
)";

std::vector<OptionRow> serve_rows() {
  const ServeOptions defaults;
  const auto time = [](Duration duration) { return format_duration(duration); };
  return {
      {.name = "--concurrency",
       .value = "WORD",
       .help =
           "how many calls run at once, and on what: " + list_forms(Concurrency::choices(), "or") +
           " (default loops, one a core); see 'hotline help concurrency'",
       .choices = names_of(Concurrency::choices())},
      {.name = "--engine",
       .value = "NAME",
       .help = "what loops run on: " + list_names(engine_names(), "or") +
               " (default auto: uring if the kernel allows it, else epoll)",
       .choices = names_of(engine_names())},
      {.name = "--spin",
       .value = "TIME",
       .help = "let loops look for events so long before they sleep, at most " +
               format_duration(kSpinMax) + ": sooner replies for more processor time (default 0s)"},
      {.name = "--once",
       .help = "serve the first call only, then exit; where callers authenticate, the first that "
               "may call"},
      {.name = "--verbose",
       .letter = 'v',
       .help = "log the begin and end of calls, and the bytes: <- received, -> sent"},
      {.name = "--insecure",
       .help = "let 'command', 'files' and endpoints with auth= listen where other machines can "
               "call them, without protection"},
      {.name = "--max-connections",
       .value = "N",
       .help = "limit the calls at once, of all services together (default: what the limit of "
               "descriptors allows)"},
      {.name = "--unauthenticated",
       .value = "START:PERCENT:FULL",
       .help = "with tls:// or auth=, refuse PERCENT of new callers while START are not "
               "authenticated yet, more of them the more there are, and all at FULL (default " +
               EarlyDrop().to_string() + ", less with few threads or processes)"},
      {.name = "--penalties",
       .value = "WORD",
       .help = "refuse callers for a time whose source has failed to authenticate repeatedly: " +
               list_names(penalised_caller_names(), "or") +
               " (default remote: not those on this machine)",
       .choices = names_of(penalised_caller_names())},
      {.name = "--confine",
       .value = "WORD",
       .help = "confine the program to its files and to harmless system calls, if all it serves is "
               "'files': " +
               list_forms(confine_names(), "or") +
               " (default auto: as far as the kernel allows; see 'hotline help files')",
       .choices = names_of(confine_names())},
      {.name = "--idle-timeout",
       .value = "TIME",
       .help = "end a call after TIME without a byte (default " +
               time(defaults.server.timeouts.idle) + "; " +
               time(defaults.server.timeouts.first_byte) + " before the first byte)"},
      {.name = "--drain-timeout",
       .value = "TIME",
       .help = "let calls under way finish for TIME after the first signal (default " +
               time(defaults.server.drain_timeout) + ")"},
      {.name = "--log-format",
       .value = "FORMAT",
       .help = "write the log as " + list_names(log_form_names(), "or") +
               " (default text; json with --json)",
       .choices = names_of(log_form_names())},
      {.name = "--json", .help = "print errors and the log as JSON, one object a line"},
      {.name = "--home", .value = "DIR", .help = "take the keys of callers at tls:// from DIR"},
  };
}

std::vector<std::string> services_to_propose() {
  std::vector<std::string> proposals;
  for (const ServiceEntry& each : make_services()) {
    for (const std::string& scheme : each.transports) {
      for (const std::string& prefix : endpoint_prefixes(scheme)) {
        proposals.push_back(each.name + '=' + prefix);
      }
    }
  }
  return proposals;
}

Result<void> read_services(const Arguments& given, ServeOptions& options) {
  for (const std::string& word : given.words) {
    const std::size_t equals = word.find('=');
    std::string service = word.substr(0, equals);
    // After a colon, the `=` belongs to an option of the endpoint.
    if (equals == word.npos || equals == 0 || service.find(':') != word.npos) {
      return fail(usage_error(quote(word) + " is not SERVICE=ENDPOINT",
                              "write for example upper=tcp://127.0.0.1:8000"));
    }
    options.services.push_back({std::move(service), word.substr(equals + 1)});
  }
  if (!options.services.empty()) return {};
  return fail(usage_error("missing SERVICE=ENDPOINT",
                          "write for example 'hotline serve upper=tcp://127.0.0.1:8000'; "
                          "'hotline services' lists the services"));
}

/// Fails if the server has no loops, for which `option` is.
Result<void> require_loops(const std::string& option, const ServerOptions& server) {
  if (server.concurrency.kind == Concurrency::Kind::loops) return {};
  return refuse_value(option, usage_error("it applies to --concurrency loops only",
                                          "leave it out: there are no loops"));
}

Result<void> read_engine(const Arguments& given, ServerOptions& server) {
  if (!given.has("--engine")) return {};
  const auto parsed = parse_engine_kind(given.options.at("--engine"));
  if (!parsed) return refuse_value("--engine", parsed.error());
  server.loop.engine = *parsed;
  return require_loops("--engine", server);
}

Result<void> read_spin(const Arguments& given, ServerOptions& server) {
  if (!given.has("--spin")) return {};
  if (auto read = read_duration(given, "--spin", server.loop.spin); !read) {
    read.error().advice = "write for example 20us";
    return read;
  }
  if (server.loop.spin <= kSpinMax) return require_loops("--spin", server);
  return refuse_value("--spin", usage_error("it is longer than " + format_duration(kSpinMax),
                                            "20us is enough on one machine"));
}

Result<void> read_runners(const Arguments& given, ServerOptions& server) {
  if (given.has("--concurrency")) {
    const auto parsed = Concurrency::parse(given.options.at("--concurrency"));
    if (!parsed) return refuse_value("--concurrency", parsed.error());
    server.concurrency = *parsed;
  }
  if (auto read = read_engine(given, server); !read) return read;
  return read_spin(given, server);
}

Result<void> read_flood_limits(const Arguments& given, ServerOptions& server) {
  if (given.has("--unauthenticated")) {
    const auto limit = EarlyDrop::parse(given.options.at("--unauthenticated"));
    if (!limit) return refuse_value("--unauthenticated", limit.error());
    server.limits.unauthenticated = *limit;
  }
  if (!given.has("--penalties")) return {};
  const auto callers = parse_penalised_callers(given.options.at("--penalties"));
  if (!callers) return refuse_value("--penalties", callers.error());
  server.penalties.callers = *callers;
  return {};
}

Result<void> read_confinement(const Arguments& given, ServerOptions& server) {
  server.confinement.confine = Confine::if_possible;
  if (!given.has("--confine")) return {};
  const auto confine = parse_confine(given.options.at("--confine"));
  if (!confine) return refuse_value("--confine", confine.error());
  server.confinement.confine = *confine;
  return {};
}

Result<void> read_limits(const Arguments& given, ServerOptions& server) {
  if (auto read = read_count(given, "--max-connections", server.limits.connections_max); !read) {
    return read;
  }
  if (auto read = read_limit(given, "--idle-timeout", server.timeouts.idle); !read) return read;
  // An idle timeout below the limit for the first byte lowers that too.
  server.timeouts.first_byte = std::min(server.timeouts.first_byte, server.timeouts.idle);
  return read_duration(given, "--drain-timeout", server.drain_timeout);
}

Result<void> read_log_form(const Arguments& given, ServeOptions& options) {
  if (given.has("--json")) options.log_form = LogForm::json;
  if (!given.has("--log-format")) return {};
  const auto form = parse_log_form(given.options.at("--log-format"));
  if (!form) return refuse_value("--log-format", form.error());
  options.log_form = *form;
  return {};
}

}  // namespace

Result<ServeOptions> read_serve(const Arguments& given) {
  ServeOptions options;
  options.server.signals = SignalUse::drain;
  if (given.has("--once")) options.server.calls = CallCount::one;
  options.is_insecure = given.has("--insecure");
  if (given.has("--verbose")) options.log_level = LogLevel::debug;
  if (auto read = read_services(given, options); !read) return fail(read.error());
  if (auto read = read_runners(given, options.server); !read) return fail(read.error());
  if (auto read = read_limits(given, options.server); !read) return fail(read.error());
  if (auto read = read_flood_limits(given, options.server); !read) return fail(read.error());
  if (auto read = read_confinement(given, options.server); !read) return fail(read.error());
  if (auto read = read_log_form(given, options); !read) return fail(read.error());
  return options;
}

Subcommand serve_subcommand() {
  return {.name = "serve",
          .summary = "serve one or more services",
          .examples = kServeExamples,
          .operands = {{.name = "SERVICE=ENDPOINT",
                        .usage = "SERVICE=ENDPOINT...",
                        .repeats = Repeats::yes,
                        .choices = services_to_propose}},
          .options = serve_rows(),
          .description = kServeDescription,
          .notes = std::string(kTimes) + kServeNotes,
          .run = read_and_run<read_serve, serve_until_drained>};
}

}  // namespace hotline::cli

#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "cli/arguments.h"
#include "cli/report.h"
#include "hotline/core/bytes.h"
#include "hotline/core/duration.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kWordsMax = 1 << 20;

CommandShape program_shape() { return {"", {"--json", "-h,--help", "--version"}, {"--home"}, 0}; }

CommandShape command_shape(std::string name, std::size_t words_max,
                           std::vector<std::string> options = {},
                           std::vector<std::string> flags = {}) {
  options.emplace_back("--home");
  flags.insert(flags.end(), {"--json", "-h,--help"});
  return {std::move(name), std::move(flags), std::move(options), words_max};
}

std::vector<CommandShape> command_shapes() {
  return {
      command_shape("serve", kWordsMax,
                    {"--concurrency", "--engine", "--max-connections", "--idle-timeout",
                     "--drain-timeout", "--log-format"},
                    {"--once", "--insecure", "-v,--verbose"}),
      command_shape("call", kWordsMax, {"--linger", "--timeout"}, {"--raw"}),
      command_shape("run", kWordsMax, {"--linger", "--timeout"}, {"--raw"}),
      command_shape("shell", 1, {"--linger", "--timeout"}, {"--raw"}),
      command_shape("services", 0),
      command_shape("doctor", 0),
      command_shape("help", 1),
  };
}

std::string quote(std::string_view word) { return "'" + escape(as_bytes(word)) + "'"; }

/// `error` as one about the value of `option`.
std::unexpected<Error> refuse(const std::string& option, const Error& error) {
  return fail(usage_error(option + ": " + error.message(), error.hint()));
}

Result<void> read_duration(const Arguments& given, const std::string& option, Duration& duration) {
  if (!given.has(option)) return {};
  const auto parsed = parse_duration(given.options.at(option));
  if (!parsed) return refuse(option, parsed.error());
  duration = *parsed;
  return {};
}

/// A limit of time that has passed before it begins is a mistake.
Result<void> read_limit(const Arguments& given, const std::string& option, Duration& duration) {
  if (auto read = read_duration(given, option, duration); !read) return read;
  if (duration > Duration::zero()) return {};
  return refuse(option, usage_error("0 would end every call at once", "none is without limit"));
}

Result<void> read_count(const Arguments& given, const std::string& option, std::size_t& count) {
  if (!given.has(option)) return {};
  const std::string& text = given.options.at(option);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (is_whole && count > 0) return {};
  return refuse(option, usage_error(quote(text) + " is not a count", "write a number from 1 up"));
}

Result<void> read_services(const Arguments& given, ServeOptions& options) {
  for (const std::string& word : given.words) {
    const std::size_t equals = word.find('=');
    std::string service = word.substr(0, equals);
    // A colon before it: the `=` is one of the endpoint's options.
    if (equals == word.npos || equals == 0 || service.find(':') != word.npos) {
      return fail(usage_error(quote(word) + " is not SERVICE=ENDPOINT",
                              "write for example upper=tcp://127.0.0.1:8000"));
    }
    options.services.push_back({std::move(service), word.substr(equals + 1)});
  }
  if (!options.services.empty()) return {};
  return fail(usage_error("nothing to serve",
                          "write for example 'hotline serve upper=tcp://127.0.0.1:8000'; "
                          "'hotline services' lists what there is"));
}

Result<void> read_runners(const Arguments& given, ServerOptions& server) {
  if (given.has("--concurrency")) {
    const auto parsed = Concurrency::parse(given.options.at("--concurrency"));
    if (!parsed) return refuse("--concurrency", parsed.error());
    server.concurrency = *parsed;
  }
  if (!given.has("--engine")) return {};
  const auto parsed = parse_engine_kind(given.options.at("--engine"));
  if (!parsed) return refuse("--engine", parsed.error());
  server.loop.engine = *parsed;
  if (server.concurrency.kind == Concurrency::Kind::loops) return {};
  return refuse("--engine", usage_error("it applies to --concurrency loops only",
                                        "leave it out: without loops there is nothing to choose"));
}

Result<void> read_limits(const Arguments& given, ServerOptions& server) {
  if (auto read = read_count(given, "--max-connections", server.limits.connections_max); !read) {
    return read;
  }
  if (auto read = read_limit(given, "--idle-timeout", server.timeouts.idle); !read) return read;
  // Who says how long a caller may be silent means its first word too.
  server.timeouts.first_byte = std::min(server.timeouts.first_byte, server.timeouts.idle);
  return read_duration(given, "--drain-timeout", server.drain_timeout);
}

Result<void> read_log_form(const Arguments& given, ServeOptions& options) {
  if (given.has("--json")) options.log_form = LogForm::json;
  if (!given.has("--log-format")) return {};
  const std::string& word = given.options.at("--log-format");
  options.log_form = word == "json" ? LogForm::json : LogForm::text;
  if (word == "json" || word == "text") return {};
  return refuse("--log-format",
                usage_error("there is no format " + quote(word), "the formats are text and json"));
}

Result<Command> read_serve(const Arguments& given) {
  ServeOptions options;
  options.server.signals = SignalUse::drain;
  if (given.has("--once")) options.server.calls = CallCount::one;
  options.is_insecure = given.has("--insecure");
  if (given.has("--verbose")) options.log_level = LogLevel::debug;
  if (auto read = read_services(given, options); !read) return fail(read.error());
  if (auto read = read_runners(given, options.server); !read) return fail(read.error());
  if (auto read = read_limits(given, options.server); !read) return fail(read.error());
  if (auto read = read_log_form(given, options); !read) return fail(read.error());
  return options;
}

Controls controls_of(const Arguments& given) {
  return given.has("--raw") ? Controls::raw : Controls::escaped;
}

Result<Command> read_call(const Arguments& given) {
  if (given.words.empty()) {
    return fail(usage_error("nobody to call",
                            "write for example 'hotline call tcp://127.0.0.1:8000 hello'"));
  }
  CallOptions options;
  options.endpoint = given.words.front();
  options.messages.assign(std::next(given.words.begin()), given.words.end());
  if (auto read = read_duration(given, "--linger", options.linger); !read)
    return fail(read.error());
  if (auto read = read_limit(given, "--timeout", options.timeout); !read) return fail(read.error());
  options.controls = controls_of(given);
  return options;
}

/// `--timeout` bounds the whole; without it only connecting is bounded.
template <typename Options>
Result<void> read_waits(const Arguments& given, Options& options) {
  options.endpoint = given.words.front();
  if (auto read = read_duration(given, "--linger", options.linger); !read) return read;
  if (auto read = read_limit(given, "--timeout", options.timeout); !read) return read;
  if (given.has("--timeout")) options.connect_timeout = options.timeout;
  options.controls = controls_of(given);
  return {};
}

Result<Command> read_run(const Arguments& given) {
  constexpr char kExample[] = "write for example 'hotline run tcp://127.0.0.1:8090 -- ls -l'";
  if (given.words.empty()) return fail(usage_error("nowhere to run it", kExample));
  RunOptions options;
  options.command.assign(std::next(given.words.begin()), given.words.end());
  const bool is_empty =
      std::ranges::all_of(options.command, [](const std::string& word) { return word.empty(); });
  if (is_empty) return fail(usage_error("no command to run", kExample));
  if (auto read = read_waits(given, options); !read) return fail(read.error());
  return options;
}

Result<Command> read_shell(const Arguments& given) {
  if (given.words.empty()) {
    return fail(usage_error("nowhere to run commands",
                            "write for example 'hotline shell tcp://127.0.0.1:8090'"));
  }
  ShellOptions options;
  if (auto read = read_waits(given, options); !read) return fail(read.error());
  return options;
}

Result<Command> read_command(const Arguments& given) {
  if (given.has("--version")) return VersionOptions();
  if (given.has("--help")) return HelpOptions{given.command};
  if (given.command == "serve") return read_serve(given);
  if (given.command == "call") return read_call(given);
  if (given.command == "run") return read_run(given);
  if (given.command == "shell") return read_shell(given);
  if (given.command == "services") return ServicesOptions();
  if (given.command == "doctor") return DoctorOptions();
  if (given.command == "help") {
    return HelpOptions{given.words.empty() ? std::string() : given.words.front()};
  }
  return fail(usage_error("no command", "see 'hotline --help'"));
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& words) {
  CommandLine line;
  const auto given = take_apart(words, program_shape(), command_shapes());
  if (!given) {
    const bool wants_json = std::count(words.begin(), std::ranges::find(words, "--"), "--json") > 0;
    line.common.output = wants_json ? OutputForm::json : OutputForm::text;
    line.command = fail(given.error());
    return line;
  }
  line.common.output = given->has("--json") ? OutputForm::json : OutputForm::text;
  if (given->has("--home")) line.common.home = given->options.at("--home");
  line.command = read_command(*given);
  return line;
}

}  // namespace hotline::cli

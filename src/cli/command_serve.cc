#include "cli/command_serve.h"

#include <cstdio>
#include <cstdlib>

#include "cli/log.h"
#include "cli/report.h"
#include "cli/traffic_printer.h"
#include "hotline/server/server.h"

namespace hotline::cli {
namespace {

constexpr Duration kLogPatience = std::chrono::seconds(1);

Result<void> add_services(Server& server, const ServeOptions& options,
                          const ServiceRegistry& registry) {
  for (const ServiceAt& each : options.services) {
    const auto entry = registry.find(each.service);
    if (!entry) return fail(entry.error());
    const bool is_once = options.server.calls == CallCount::one;
    const Handler& handler = is_once ? (*entry)->once : (*entry)->handler;
    if (auto added = server.add(each.uri, handler, each.service); !added) return added;
  }
  return {};
}

void report_engine(const Server& server, OutputForm form) {
  const EngineDecision& engine = server.engine();
  if (engine.fallback_reason.empty()) return;
  report_note("serving on " + std::string(name_of(engine.engine)) + ": " + engine.fallback_reason,
              form);
}

/// Always in this form: scripts wait for these lines, and read the ports from them.
void report_listening(const Server& server) {
  for (const BoundService& each : server.services()) {
    std::fprintf(stderr, "listening %s %s\n", each.name.c_str(),
                 each.endpoint.format_without_options().c_str());
  }
}

void report_drained(const DrainReport& report, LogForm form) {
  const auto number = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  if (form == LogForm::text) {
    std::fprintf(stderr, "drained: %lu calls, %lu finished, %lu cut\n", report.calls,
                 report.finished, report.cut);
    return;
  }
  JsonLine counts;
  counts.add("calls", number(report.calls));
  counts.add("finished", number(report.finished));
  counts.add("cut", number(report.cut));
  counts.add("handler_failures", number(report.handler_failures));
  std::fprintf(stderr, "%s\n", JsonLine::versioned().add("drained", counts).text().c_str());
}

Result<DrainReport> serve(const ServeOptions& options, const CommonOptions& common,
                          const ServiceRegistry& registry, Log& log) {
  TrafficPrinter traffic(log);
  ServerOptions server_options = options.server;
  server_options.log = &log;
  if (log.wants(LogLevel::debug)) server_options.tap = &traffic;
  Server server(server_options);
  if (auto added = add_services(server, options, registry); !added) return fail(added.error());
  if (auto bound = server.bind(); !bound) return fail(bound.error());
  report_engine(server, common.output);
  report_listening(server);
  return server.run();
}

ExitStatus exit_status_of(const Result<DrainReport>& report) {
  if (report) return ExitStatus::ok;
  const bool is_mistake = report.error().kind == ErrorKind::invalid_argument;
  return is_mistake ? ExitStatus::usage : ExitStatus::failed;
}

}  // namespace

ExitStatus serve_command(const ServeOptions& options, const CommonOptions& common,
                         const ServiceRegistry& registry) {
  Log log(options.log_form, options.log_level);
  const auto report = serve(options, common, registry, log);
  // Who holds standard error and does not read it gets no more, and cannot keep the program.
  if (!log.finish(kLogPatience)) std::_Exit(static_cast<int>(exit_status_of(report)));
  if (!report) return report_error(report.error(), exit_status_of(report), common.output);
  report_drained(*report, options.log_form);
  return ExitStatus::ok;
}

}  // namespace hotline::cli

#include "cli/serving.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/key_trust.h"
#include "cli/log_line.h"
#include "cli/refusal_hint.h"
#include "cli/report.h"
#include "cli/service_registry.h"
#include "cli/traffic_printer.h"
#include "hotline/core/unique_fd.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/server/server.h"

namespace hotline::cli {
namespace {

constexpr std::chrono::milliseconds kLogPatience{1000};

constexpr char kGuardAdvice[] =
    "listen on tls://, 127.0.0.1, ::1 or unix:; or give --insecure if everybody who can connect "
    "there may use it";

/// The services that were asked for, in their order.
using Entries = std::vector<const ServiceEntry*>;

Result<Entries> find_entries(const ServeOptions& options, const ServiceRegistry& registry) {
  Entries entries;
  for (const ServiceAt& each : options.services) {
    const auto entry = registry.find(each.service);
    if (!entry) return fail(entry.error());
    entries.push_back(*entry);
  }
  const auto is_challenged = [](const ServiceAt& each) { return has_challenge(each.uri); };
  if (options.is_insecure && std::ranges::none_of(entries, &ServiceEntry::is_guarded) &&
      std::ranges::none_of(options.services, is_challenged)) {
    return fail(usage_error("--insecure has no effect: none of these services is restricted",
                            "leave it out"));
  }
  return entries;
}

/// None, if nothing that was asked for launches programs.
Result<std::unique_ptr<Launcher>> start_launcher_for(const Entries& entries) {
  if (std::ranges::none_of(entries, &ServiceEntry::needs_launcher)) return nullptr;
  return start_launcher();
}

bool will_be_confined(const ServeOptions& options, const Entries& entries) {
  return options.server.confinement.confine != Confine::never &&
         std::ranges::all_of(entries, &ServiceEntry::is_confined);
}

Result<void> add_services(Server& server, const ServeOptions& options, const Entries& entries,
                          Launcher* launcher, LogSink& log) {
  const ServiceNeeds needs{.calls = options.server.calls,
                           .concurrency = options.server.concurrency,
                           .launcher = launcher,
                           .log = &log};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const ServiceEntry& entry = *entries[i];
    const auto make = [&](OptionTaker& taker) {
      auto handler = entry.make(taker, needs);
      if (handler && entry.is_guarded) handler->only_local(kGuardAdvice);
      return handler;
    };
    const ServiceAt& each = options.services[i];
    if (auto added = server.add_made(each.uri, make, each.service); !added) return added;
  }
  return {};
}

/// Closes the inherited descriptors, because the server has duplicates. If they stayed open,
/// callers that come during a drain would wait at sockets that nothing serves any more. The
/// standard streams stay open.
void close_inherited(const ServeOptions& options) {
  std::set<int> numbers;
  for (const ServiceAt& each : options.services) {
    const auto endpoint = Endpoint::parse(each.uri);
    if (endpoint && endpoint->transport() == Transport::fd) numbers.insert(endpoint->descriptor());
  }
  numbers.erase(numbers.begin(), numbers.upper_bound(STDERR_FILENO));
  for (const int number : numbers) UniqueFd(number).reset();
}

bool uses_tls(const ServeOptions& options) {
  return std::ranges::any_of(options.services, [](const ServiceAt& each) {
    const auto endpoint = Endpoint::parse(each.uri);
    return endpoint && is_protected(endpoint->transport());
  });
}

void report_exposed(const Server& server, const Entries& entries, OutputForm form) {
  const std::vector<BoundService> services = server.services();
  for (std::size_t i = 0; i < services.size(); ++i) {
    if (!entries[i]->is_guarded || !services[i].endpoint.is_exposed()) continue;
    report_note_in_time("--insecure: everybody who can connect to " +
                            services[i].endpoint.to_string() +
                            " can do there whatever this user can",
                        form);
    return;
  }
}

void report_engine(const Server& server, OutputForm form) {
  const EngineDecision& engine = server.engine();
  if (engine.fallback_reason.empty()) return;
  report_note_in_time(
      "serving on " + std::string(name_of(engine.engine)) + ": " + engine.fallback_reason, form);
}

/// The form never changes: scripts wait for these lines, and read the ports from them. If the
/// reader does not read the first line in time, the others are dropped, because the server must go
/// on to handle signals.
void report_listening(const Server& server) {
  for (const BoundService& each : server.services()) {
    const std::string where = each.endpoint.to_string();
    if (!print_line_in_time("listening " + each.name + ' ' + where)) return;
  }
}

std::string counted(std::uint64_t count, std::string noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

/// Returns `, 4 messages`, and how many of them had another end than the usual one.
std::string describe_messages(const DrainReport& report) {
  std::string text;
  if (report.messages > 0) text += ", " + counted(report.messages, "message");
  const std::uint64_t unanswered = report.messages - std::min(report.messages, report.replies);
  if (unanswered > 0) text += ", " + std::to_string(unanswered) + " unanswered";
  if (report.error_replies > 0)
    text += ", " + std::to_string(report.error_replies) + " answered with an error";
  return text;
}

std::string describe_tasks(const DrainReport& report) {
  return report.cut_tasks.empty() ? "" : ", and " + report.cut_tasks + " cut";
}

void report_drained(const DrainReport& report, LogForm form) {
  const auto number = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  if (form == LogForm::text) {
    print_line_in_time("drained: " + counted(report.calls, "call") + describe_messages(report) +
                       "; under way at the end: " + std::to_string(report.finished) +
                       " finished, " + std::to_string(report.cut) + " cut" +
                       describe_tasks(report));
    return;
  }
  JsonLine counts;
  counts.add("calls", number(report.calls));
  counts.add("messages", number(report.messages));
  counts.add("replies", number(report.replies));
  counts.add("error_replies", number(report.error_replies));
  counts.add("finished", number(report.finished));
  counts.add("cut", number(report.cut));
  counts.add_unless_empty("cut_tasks", report.cut_tasks);
  counts.add("handler_failures", number(report.handler_failures));
  print_line_in_time(JsonLine::versioned().add("drained", counts).text());
}

Result<DrainReport> serve(const ServeOptions& options, const CommonOptions& common,
                          const Entries& entries, Launcher* launcher, QueuedLog& log) {
  TrafficPrinter traffic(log);
  ServerOptions server_options = options.server;
  server_options.log = &log;
  if (log.wants(LogLevel::debug)) server_options.tap = &traffic;
  server_options.on_serving = report_listening;
  if (options.is_insecure) server_options.exposure = Exposure::anywhere;
  if (uses_tls(options)) {
    auto trusted = trust_callers(common.home, server_options);
    if (!trusted) return fail(std::move(trusted.error()));
  }
  Server server(server_options);
  auto added = add_services(server, options, entries, launcher, log);
  if (!added) return fail(std::move(added.error()));
  if (auto bound = server.bind(); !bound) return fail(bound.error());
  log.begin();
  close_inherited(options);
  report_engine(server, common.output);
  report_exposed(server, entries, common.output);
  return server.run();
}

ExitStatus exit_status_of(const Result<DrainReport>& report) {
  if (report) return report->loss ? ExitStatus::failed : ExitStatus::ok;
  const bool is_mistake = report.error().kind == ErrorKind::invalid_argument;
  return is_mistake ? ExitStatus::usage : ExitStatus::failed;
}

}  // namespace

ExitStatus serve_until_drained(const ServeOptions& options, const CommonOptions& common) {
  const ServiceRegistry registry = make_service_registry();
  const auto entries = find_entries(options, registry);
  if (!entries) return report_error(entries.error(), ExitStatus::usage, common.output);
  // Done before the first thread starts; the log has a thread.
  const auto launcher = start_launcher_for(*entries);
  if (!launcher) return report_error(launcher.error(), ExitStatus::failed, common.output);
  QueuedLog log(
      options.log_level, format_of(options.log_form), {},
      will_be_confined(options, *entries) ? QueuedLog::Start::at_begin : QueuedLog::Start::at_once);
  const auto report = serve(options, common, *entries, launcher->get(), log);
  const ExitStatus status = exit_status_of(report);
  // A reader of standard error that does not read gets no more lines, and cannot delay the
  // program's end.
  if (!log.finish(kLogPatience) || !wait_for_room(StandardStream::error, kLogPatience)) {
    std::_Exit(static_cast<int>(status));
  }
  if (!report) return report_error(report.error(), status, common.output);
  report_drained(*report, options.log_form);
  return status == ExitStatus::ok ? status : report_error(*report->loss, status, common.output);
}

}  // namespace hotline::cli

#include "hotline/server/serve.h"

#include <string>
#include <utility>

#include "hotline/core/standard_error_log.h"
#include "hotline/engine/standard_streams.h"

namespace hotline {
namespace {

/// To nobody, if standard error cannot be written to: the server serves all the same.
void print_error(std::string line) { write_standard(StandardStream::error, line += '\n'); }

void report_listening(const Server& server) {
  for (const BoundService& each : server.services()) {
    print_error("listening " + each.endpoint.format());
  }
}

}  // namespace

int serve(std::string_view uri, Handler handler, ServerOptions options) {
  options.signals = SignalUse::drain;
  StandardErrorLog log;
  if (options.log == nullptr) options.log = &log;
  options.on_serving = [then = std::move(options.on_serving)](const Server& server) {
    report_listening(server);
    if (then) then(server);
  };
  Server server(std::move(options));
  const auto refuse = [](const Error& error) {
    print_error("error: " + error.message());
    if (!error.hint().empty()) print_error("hint: " + error.hint());
    return 1;
  };
  if (auto added = server.add(uri, std::move(handler)); !added) return refuse(added.error());
  const auto report = server.run();
  if (!report) return refuse(report.error());
  return report->loss.kind == ErrorKind::none ? 0 : refuse(report->loss);
}

}  // namespace hotline

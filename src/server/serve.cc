#include "hotline/server/serve.h"

#include <string>
#include <utility>

#include "hotline/engine/standard_streams.h"

namespace hotline {
namespace {

/// Drops the line if standard error does not accept it within a second; the server serves all the
/// same, and signals end it. Returns true if the line was printed.
bool print_error(std::string line) {
  line += '\n';
  return write_standard_within(StandardStream::error, line, std::chrono::seconds(1)) == 0;
}

void report_listening(const Server& server) {
  for (const BoundService& each : server.services()) {
    if (!print_error("listening " + each.endpoint.to_string())) return;
  }
}

int refuse(const Error& error) {
  if (print_error("error: " + error.message()) && !error.hint().empty()) {
    print_error("hint: " + error.hint());
  }
  return 1;
}

}  // namespace

int serve(std::string_view uri, Handler handler, ServerOptions options) {
  Server server(std::move(options));
  if (auto added = server.add(uri, std::move(handler)); !added) return refuse(added.error());
  return serve(server);
}

int serve(Server& server) {
  if (auto ready = server.prepare_to_serve(report_listening); !ready) return refuse(ready.error());
  const auto report = server.run();
  if (!report) return refuse(report.error());
  return report->loss ? refuse(*report->loss) : 0;
}

}  // namespace hotline

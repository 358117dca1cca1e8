// An exception that leaves a handler ends its own call, with a reset, and is reported on standard
// error; the server goes on. At its end the server reports its counts.
//
//   failing_handler [ENDPOINT]                default tcp://127.0.0.1:8000
#include <cstdio>
#include <stdexcept>

#include "hotline/hotline.h"

void picky(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    if (hotline::as_text(*bytes).starts_with("boom")) throw std::runtime_error("as asked");
    if (!call.write_all(hotline::to_upper(*bytes)))
      return;  // A reset too: the caller sees that the reply was cut off.
  }
}

int main(int argc, char** argv) {
  hotline::StandardErrorLog log(hotline::LogLevel::warning);
  hotline::ServerOptions options;
  options.log = &log;
  options.signals = hotline::SignalUse::drain;
  options.on_serving = [](const hotline::Server& server) {
    const std::string where = server.services().front().endpoint.to_string();
    std::fprintf(stderr, "listening %s\n", where.c_str());
  };
  hotline::Server server(options);
  auto done = server.add(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", picky, "picky");
  const auto report = done ? server.run() : hotline::fail(done.error());
  if (!report) {
    std::fprintf(stderr, "error: %s\n", report.error().message().c_str());
    return 1;
  }
  std::printf("%lu calls, %lu failures\n", report->calls, report->handler_failures);
}

// bench_generator: loads an upper-case server as cheaply as it can, verifies every byte of every
// reply, and prints what it measured as one JSON line.

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "generator/connect_load.h"
#include "generator/failure.h"
#include "generator/idle_load.h"
#include "generator/measurement.h"
#include "generator/options.h"
#include "generator/socket.h"
#include "generator/tcp_load.h"
#include "generator/udp_load.h"

namespace bench {
namespace {

template <typename Load>
std::string measure(const char* mode, const Options& options) {
  Measurement measurement(options);
  Load(options, measurement).run();
  return measurement.to_json(mode);
}

std::string run(const Options& options) {
  if (options.mode == Mode::kIdle) return IdleLoad(options).run();
  if (options.mode == Mode::kConnections) return measure<ConnectLoad>("connections", options);
  if (options.datagrams) return measure<UdpLoad>("udp", options);
  return measure<TcpLoad>("tcp", options);
}

// Whatever the server does, even if a blocking connect never returns, the process ends.
void limit_lifetime(const Options& options) {
  constexpr unsigned kGrace = 60;
  alarm(kGrace + static_cast<unsigned>(options.warmup + options.seconds));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    const bench::Options options = bench::parse_options(argc, argv);
    bench::limit_lifetime(options);
    bench::raise_descriptor_limit();
    std::puts(bench::run(options).c_str());
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "bench_generator: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_generator: %s\n", error.what());
    return 1;
  }
}

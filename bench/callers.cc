// bench_callers: callers of one conduct, good or bad, against an upper-case server on this machine.
// The service that good ones get beside bad ones is the fairness of a server.

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "callers/good.h"
#include "callers/lasting.h"
#include "callers/options.h"
#include "callers/passing.h"

namespace bench {
namespace {

std::unique_ptr<Callers> make_callers(const CallerOptions& options) {
  switch (options.conduct) {
    case Conduct::kGood: return std::make_unique<Good>(options);
    case Conduct::kFlood: return std::make_unique<Flood>(options);
    case Conduct::kDeaf: return std::make_unique<Deaf>(options);
    case Conduct::kDribble: return std::make_unique<Dribble>(options);
    case Conduct::kPartial: return std::make_unique<Partial>(options);
    case Conduct::kGarbage: return std::make_unique<Garbage>(options);
    case Conduct::kChurn:
    case Conduct::kReset: return std::make_unique<Churn>(options);
    case Conduct::kIdle: return std::make_unique<Idle>(options);
  }
  throw std::invalid_argument("no such conduct");
}

// Whatever the server does, the process ends.
void limit_lifetime(const CallerOptions& options) {
  constexpr unsigned kGrace = 60;
  alarm(kGrace + static_cast<unsigned>(options.seconds));
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    const bench::CallerOptions options = bench::parse_caller_options(argc, argv);
    bench::limit_lifetime(options);
    bench::raise_descriptor_limit();
    std::puts(bench::make_callers(options)->run().c_str());
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "bench_callers: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_callers: %s\n", error.what());
    return 1;
  }
}

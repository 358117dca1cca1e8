// Measures what it costs to start a program, to wait for its end and to reap it: through the
// launcher and a keeper, compared with posix_spawn(3) and waitpid(2) in the same process, in
// alternation; with a small process and with a large one.

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bare.h"
#include "hotline/engine/process.h"
#include "hotline/engine/task_group.h"

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr int kWarmups = 20;

struct Options {
  int rounds = 7;
  int programs = 300;
  std::size_t resident_mb = 1024;
};

[[noreturn]] void fail(std::string_view what) {
  std::fprintf(stderr, "spawn: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

void spawn_bare() {
  const auto pid = bench::start_bare();
  if (!pid) fail("posix_spawn failed");
  if (!bench::is_successful(*pid)) fail("the program failed");
}

void spawn_launched(hotline::Launcher& launcher) {
  auto process = launcher.launch({.arguments = {bench::kTrue}});
  if (!process) fail(process.error().message());
  const auto end = (*process)->wait();
  if (!end || end->exit_status != 0) fail("the program failed");
}

template <typename Body>
double time_us(Body body) {
  const auto start = Clock::now();
  body();
  return Microseconds(Clock::now() - start).count();
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

struct Times {
  std::vector<double> bare;
  std::vector<double> launched;
};

Times measure_round(hotline::Launcher& launcher, int programs) {
  Times times;
  for (int i = 0; i < programs; ++i) {
    times.bare.push_back(time_us(spawn_bare));
    times.launched.push_back(time_us([&] { spawn_launched(launcher); }));
  }
  return times;
}

void measure(hotline::Launcher& launcher, const Options& options, const char* size) {
  for (int i = 0; i < kWarmups; ++i) spawn_bare(), spawn_launched(launcher);
  std::vector<double> ratios, bare, launched, bare_p99, launched_p99;
  for (int round = 0; round < options.rounds; ++round) {
    const Times times = measure_round(launcher, options.programs);
    bare.push_back(percentile(times.bare, 0.5));
    launched.push_back(percentile(times.launched, 0.5));
    bare_p99.push_back(percentile(times.bare, 0.99));
    launched_p99.push_back(percentile(times.launched, 0.99));
    ratios.push_back(launched.back() / bare.back());
  }
  std::printf("%-10s %10.0f %10.0f %10.0f %10.0f   %.2f [%.2f-%.2f]\n", size, percentile(bare, 0.5),
              percentile(launched, 0.5), percentile(bare_p99, 0.5), percentile(launched_p99, 0.5),
              percentile(ratios, 0.5), percentile(ratios, 0), percentile(ratios, 1));
  std::fflush(stdout);
}

/// Memory that is really there.
void grow(std::size_t megabytes) {
  const std::size_t size = megabytes << 20;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("no memory to grow by");
  std::memset(memory, 1, size);
}

std::size_t number(const char* text) {
  std::size_t value = 0;
  const char* end = text + std::strlen(text);
  if (std::from_chars(text, end, value).ptr != end || value == 0) fail("that is not a number");
  return value;
}

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = words[i];
    if (i + 1 == count) fail("usage: spawn [--rounds N] [--programs N] [--resident-mb N]");
    const std::size_t value = number(words[i + 1]);
    if (name == "--rounds")
      options.rounds = static_cast<int>(value);
    else if (name == "--programs")
      options.programs = static_cast<int>(value);
    else if (name == "--resident-mb")
      options.resident_mb = value;
    else
      fail("usage: spawn [--rounds N] [--programs N] [--resident-mb N]");
  }
  return options;
}

}  // namespace

int main(int count, char** words) {
  const Options options = parse(count, words);
  auto launcher = hotline::start_launcher();
  if (!launcher) fail(launcher.error().message());
  std::printf("%-10s %10s %10s %10s %10s   %s\n", "process", "bare p50", "launched", "bare p99",
              "launched", "x bare at p50 [rounds]");
  // On a fiber, where a server launches.
  hotline::TaskGroup group;
  const auto spawned = group.spawn("measure", [&] {
    measure(**launcher, options, "small");
    grow(options.resident_mb);
    measure(**launcher, options, (std::to_string(options.resident_mb) + " MB").c_str());
  });
  if (!spawned || !group.join()) fail("no fiber");
  return 0;
}

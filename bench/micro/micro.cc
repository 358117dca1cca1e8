// What the small pieces cost that every message or call goes through.

#include <benchmark/benchmark.h>

#include <string>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/endpoint.h"
#include "hotline/services/upper.h"

namespace {

void to_upper(benchmark::State& state) {
  std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  const auto bytes = std::as_writable_bytes(std::span(text));
  for (auto _ : state) benchmark::DoNotOptimize(hotline::to_upper(bytes).data());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(to_upper)->Arg(64)->Arg(2048)->Arg(16384);

void parse_endpoint(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(hotline::Endpoint::parse("tcp://127.0.0.1:8000?backlog=5"));
  }
}
BENCHMARK(parse_endpoint);

/// Starts and joins that many fibers, which do nothing.
void spawn_and_join(benchmark::State& state) {
  for (auto _ : state) {
    hotline::TaskGroup group;
    for (int i = 0; i < state.range(0); ++i) static_cast<void>(group.spawn("idle", [] {}));
    static_cast<void>(group.join());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(spawn_and_join)->Arg(1)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();

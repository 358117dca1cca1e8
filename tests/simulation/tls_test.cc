#include <doctest/doctest.h>

#include <string>

#include "simulation/check_seeds.h"
#include "simulation/tls_scenario.h"

namespace simulation {

TEST_CASE("over TLS no caller without the key is served, and no part of a stream counts as all") {
  check_seeds([](std::uint64_t seed) { return call_over_tls(seed); }, {.first = 1, .count = 600});
}

TEST_CASE("a call over TLS that is cut at any byte, in any way, is complete at neither end") {
  check_seeds(cut_tls, {.first = 1, .count = kTlsCuts});
}

TEST_CASE("the keys of two runs of one seed differ, and what happens when is the same") {
  std::string traces[2];
  std::uint64_t hashes[2];
  for (int i = 0; i < 2; ++i) {
    auto options = options_of(5);
    options.trace = [&](std::string_view line) { traces[i].append(line) += '\n'; };
    hashes[i] = call_over_tls(5, options).trace_hash;
  }
  CHECK(traces[0].size() > 1'000);
  CHECK(traces[0] == traces[1]);
  CHECK(hashes[0] != hashes[1]);
}

}  // namespace simulation

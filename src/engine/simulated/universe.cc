#include "engine/simulated/universe.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hotline::engine {

bool Universe::strikes(Fault fault, std::string_view host) {
  if (!chance.strikes(plan.per_million(fault))) return false;
  ++counts[fault];
  trace.note(elapsed(), host, name_of(fault), static_cast<std::int64_t>(counts[fault]));
  return true;
}

void Universe::die(std::string_view what) const {
  std::fprintf(stderr, "%.*s\nreplay: SEED=%llu\n", static_cast<int>(what.size()), what.data(),
               static_cast<unsigned long long>(seed));
  std::abort();
}

bool SimulatedHost::has(const Ip& ip) const {
  return std::ranges::find(addresses, ip) != addresses.end();
}

}  // namespace hotline::engine

#include "server/unauthenticated_calls.h"

#include <cassert>
#include <span>

#include "hotline/engine/random.h"

namespace hotline::server {

bool UnauthenticatedCalls::admit() {
  // Counted before the decision, so that threads that decide at once do not exceed the limit.
  const std::size_t others = count_.fetch_add(1, std::memory_order_relaxed);
  const std::uint32_t chance = limit_.chance_to_refuse(others);
  const bool is_refused =
      chance >= EarlyDrop::kCertain || (chance > 0 && random_(EarlyDrop::kCertain) < chance);
  if (is_refused) leave();
  return !is_refused;
}

void UnauthenticatedCalls::leave() {
  [[maybe_unused]] const std::size_t before = count_.fetch_sub(1, std::memory_order_relaxed);
  assert(before > 0 && "a call leaves once");
}

/// 2^32 is so much more than any bound here that the remainder is even enough.
std::uint32_t draw_from_engine(std::uint32_t bound) {
  std::uint32_t number = 0;
  random_bytes(std::as_writable_bytes(std::span(&number, 1)));
  return number % bound;
}

}  // namespace hotline::server

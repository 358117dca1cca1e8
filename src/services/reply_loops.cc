#include "services/reply_loops.h"

#include <chrono>
#include <functional>
#include <string_view>

namespace hotline::services {
namespace {

constexpr unsigned kCountBits = 16;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
static_assert(ReplyLoops::kTurns <= kCountMask);

std::uint64_t milliseconds(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

std::size_t ReplyLoops::key_of(const Message& message) {
  const std::hash<std::string_view> hash;
  std::size_t key = hash(as_text(message.bytes()));
  if (const DatagramRoute* route = message.route()) {
    const SocketAddress& peer = route->peer;
    key = key * 31 + hash({static_cast<const char*>(peer.data()), peer.size()});
  }
  return key;
}

bool ReplyLoops::is_due(std::size_t key, Instant now) {
  std::atomic<std::uint64_t>& place = places_[key % kPlaces];
  const std::uint64_t time = milliseconds(now.time_since_epoch());
  std::uint64_t old = place.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t last = old >> kCountBits;
    // Another thread may have stored a later time.
    const bool has_paused = time > last + milliseconds(kPause);
    const std::uint64_t count = has_paused ? 1 : (old & kCountMask) + 1;
    const bool is_due = count >= turns_;
    const std::uint64_t kept = !is_due ? count : after_ == After::stays_due ? turns_ : 0;
    const std::uint64_t next = time << kCountBits | kept;
    if (place.compare_exchange_weak(old, next, std::memory_order_relaxed)) return is_due;
  }
}

}  // namespace hotline::services

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"
#include "hotline/net/option_taker.h"

namespace hotline HOTLINE_PUBLIC {

/// Which sources a rate limit applies to.
enum class LimitedSources : std::uint8_t {
  none,
  other_machines,  ///< All but those on the loopback and on UNIX sockets.
  all,
};

/// How many requests of one source a service answers: a token bucket for each source. A source is
/// an IPv4 address, or the /64 of an IPv6 address; all UNIX sockets together are one source. An
/// IPv4 address that is mapped into IPv6 is the same source as the IPv4 address.
struct SourceRateOptions {
  LimitedSources sources = LimitedSources::other_machines;
  Duration interval = std::chrono::milliseconds(100);  ///< The time that earns one request.
  std::uint32_t burst = 20;                            ///< Requests at once after a silence.
  std::size_t sources_max = 65'536;  ///< How many sources are remembered, 16 bytes for each.

  /// Parses the value of the option `limit`: `COUNT/TIME` or `COUNT/TIME:BURST`, such as `10/s`,
  /// `1/8s:8` or `600/m:50`, or `none`. TIME is a unit (ms, s, m, h) or a duration. Without a BURST
  /// it is twice COUNT. A rate applies to all sources. Keeps what the text does not say. Fails with
  /// `invalid_argument`.
  static Result<SourceRateOptions> parse(std::string_view text, SourceRateOptions defaults);

  /// Returns `defaults` with the value of the server's option `limit`, which it takes.
  static Result<SourceRateOptions> take_from(OptionTaker& taker, SourceRateOptions defaults);

  /// Fails with `invalid_argument` if the interval is not positive, if `burst` is 0, if a burst
  /// takes longer than a year to come back, or if `sources_max` is not from 1 to 67,108,864 (1
  /// GiB).
  Result<void> check() const;
};

/// The token buckets of all sources, in memory that is allocated once. Any thread, without a lock.
///
/// No source gets more than its rate, whatever number of sources there is. If there are more than
/// fit, a new source takes over the bucket of the least limited source in its part of the table,
/// with the tokens that are left in it. So a sender that changes its address finds buckets that are
/// already used, and all sources together get at most `sources_max` times the rate. The price is
/// that some sources are then refused too early. Which sources share a part of the table depends on
/// a random key. Two threads that put new sources into one bucket at the same moment may lose the
/// token of one of them.
class SourceRates {
 public:
  /// `options` must pass check(). Draws the key from the engine. Throws std::bad_alloc.
  explicit SourceRates(const SourceRateOptions& options = {});
  SourceRates(SourceRates&&) noexcept;
  SourceRates& operator=(SourceRates&&) noexcept;
  ~SourceRates();

  /// Returns true if a request of `source` at `now` is to be answered, and takes a token for it.
  /// Allocates nothing.
  bool allow(const SocketAddress& source, Instant now);

  const SourceRateOptions& options() const { return options_; }

 private:
  struct Bucket;
  struct Part;

  bool is_limited(const SocketAddress& source) const;

  SourceRateOptions options_;
  std::array<std::uint64_t, 2> key_{};  ///< The secret of the hash.
  std::size_t part_count_ = 0;
  std::unique_ptr<Part[]> parts_;
};

}  // namespace hotline

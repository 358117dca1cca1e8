#include "hotline/server/source_rates.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "core/check.h"
#include "core/keyed_hash.h"
#include "hotline/core/bytes.h"
#include "hotline/core/duration.h"
#include "hotline/core/literal.h"
#include "hotline/engine/random.h"
#include "net/address.h"
#include "server/caller_source.h"

namespace hotline {
namespace {

constexpr Literal kLimitRates = "limit the rates of sources";
constexpr char kRateForm[] =
    "write COUNT/TIME or COUNT/TIME:BURST, such as 10/s, 600/m:50 or 1/8s:8, or none";

// So that no sum of times overflows.
constexpr Duration kRefillMax = std::chrono::hours(24 * 365);

constexpr std::size_t kPartSize = 8;
constexpr std::size_t kSourcesMax = std::size_t{1} << 26;

std::unexpected<Error> refuse_rate(std::string_view text, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, kLimitRates,
                         "'" + escape(as_bytes(text)) + "'", std::move(detail), kRateForm));
}

/// Returns the number that is the whole of `text`, if it is at least 1.
std::optional<std::uint32_t> parse_count(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0) return std::nullopt;
  return count;
}

/// Takes a duration, or a unit alone for one of it.
std::optional<Duration> parse_period(std::string_view text) {
  const bool has_number = !text.empty() && text.front() >= '0' && text.front() <= '9';
  const auto period = parse_duration(has_number ? std::string(text) : '1' + std::string(text));
  if (!period || *period <= Duration::zero() || *period == kNoTimeout) return std::nullopt;
  return *period;
}

}  // namespace

Result<SourceRateOptions> SourceRateOptions::parse(std::string_view text,
                                                   SourceRateOptions options) {
  if (text == "none") {
    options.sources = LimitedSources::none;
    return options;
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::size_t colon = std::min(text.find(':', slash), text.size());
  const auto count = parse_count(text.substr(0, slash));
  if (!count) return refuse_rate(text, "COUNT is not a number from 1 to 4294967295");
  if (slash == text.size()) return refuse_rate(text, "it has no TIME");
  const auto period = parse_period(text.substr(slash + 1, colon - slash - 1));
  if (!period) return refuse_rate(text, "TIME is neither a unit (us, ms, s, m, h) nor a duration");
  const auto burst = colon == text.size() ? std::optional(std::max(*count, *count * 2))
                                          : parse_count(text.substr(colon + 1));
  if (!burst) return refuse_rate(text, "BURST is not a number from 1 to 4294967295");
  options.sources = LimitedSources::all;
  options.interval = *period / *count;
  options.burst = *burst;
  if (auto checked = options.check(); !checked) return refuse_rate(text, checked.error().detail);
  return options;
}

Result<SourceRateOptions> SourceRateOptions::take_from(OptionTaker& taker,
                                                       SourceRateOptions defaults) {
  const auto text = taker.take("limit", Side::server);
  if (!text) return fail(text.error());
  if (!*text) return defaults;
  auto parsed = parse(**text, defaults);
  if (parsed) return parsed;
  return fail(taker.refuse("the option 'limit': " + parsed.error().detail, parsed.error().advice));
}

Result<void> SourceRateOptions::check() const {
  const auto refuse = [](std::string detail) {
    return fail(make_error(ErrorKind::invalid_argument, kLimitRates, {}, std::move(detail)));
  };
  if (interval <= Duration::zero()) return refuse("the interval is not longer than 0");
  if (burst == 0) return refuse("the burst is 0: no request would be answered");
  if (kRefillMax / interval < burst) return refuse("a burst takes longer than a year to come back");
  if (sources_max == 0 || sources_max > kSourcesMax) {
    return refuse("the number of sources is not from 1 to " + std::to_string(kSourcesMax));
  }
  return {};
}

struct SourceRates::Bucket {
  std::atomic<std::uint64_t> source = 0;  ///< The hash of the source.
  /// When the bucket will be full again, in nanoseconds of the clock.
  std::atomic<std::int64_t> full_at = std::numeric_limits<std::int64_t>::min();
};

/// The buckets among which a source looks for its own.
struct alignas(64) SourceRates::Part {
  /// Returns the bucket of the source with that hash; without one, the bucket that is full first.
  Bucket& bucket_of(std::uint64_t hash) {
    Bucket* first = &buckets[0];
    for (Bucket& each : buckets) {
      if (each.source.load(std::memory_order_relaxed) == hash) return each;
      if (each.full_at.load(std::memory_order_relaxed) <
          first->full_at.load(std::memory_order_relaxed)) {
        first = &each;
      }
    }
    return *first;
  }

  std::array<Bucket, kPartSize> buckets;
};

SourceRates::SourceRates(const SourceRateOptions& options) : options_(options) {
  const auto checked = options.check();
  check_use(checked.has_value(), "the options of SourceRates do not pass check()");
  if (options.sources == LimitedSources::none) return;
  random_bytes(std::as_writable_bytes(std::span(key_)));
  part_count_ = (options.sources_max + kPartSize - 1) / kPartSize;
  parts_ = std::make_unique<Part[]>(part_count_);
}

SourceRates::SourceRates(SourceRates&&) noexcept = default;
SourceRates& SourceRates::operator=(SourceRates&&) noexcept = default;
SourceRates::~SourceRates() = default;

bool SourceRates::is_limited(const SocketAddress& source) const {
  switch (options_.sources) {
    case LimitedSources::none: return false;
    case LimitedSources::other_machines: return server::is_of_other_machine(source);
    case LimitedSources::all: return true;
  }
  return true;
}

bool SourceRates::allow(const SocketAddress& source, Instant now) {
  if (!is_limited(source)) return true;
  const std::uint64_t hash = keyed_hash(key_, server::source_prefix_of(source));
  Bucket& bucket = parts_[hash % part_count_].bucket_of(hash);
  const std::int64_t time = Duration(now.time_since_epoch()).count();
  const std::int64_t interval = options_.interval.count();
  // The bucket has a token if at most burst - 1 of them are missing.
  const std::int64_t latest = time + interval * (options_.burst - std::int64_t{1});
  std::int64_t full_at = bucket.full_at.load(std::memory_order_relaxed);
  do {
    if (full_at > latest) return false;
  } while (!bucket.full_at.compare_exchange_weak(full_at, std::max(full_at, time) + interval,
                                                 std::memory_order_relaxed));
  bucket.source.store(hash, std::memory_order_relaxed);
  return true;
}

}  // namespace hotline

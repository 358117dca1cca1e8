#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "hotline/server/penalties.h"

namespace hotline::server {

/// What a caller did instead of authenticating itself.
enum class Misconduct : std::uint8_t { failed_authentication, no_authentication, timed_out };

/// The penalties of all sources: see Penalties. Any thread. While no source has a penalty,
/// refuses() takes no lock.
class SourcePenalties {
 public:
  explicit SourcePenalties(const Penalties& options) : options_(options) {}

  /// Adds the time for `misconduct` to the penalty of `source`. Without memory it adds nothing.
  void add(std::string_view source, Misconduct misconduct, Instant now) noexcept;

  /// Returns true if callers of `source` are to be refused at `now`.
  bool refuses(std::string_view source, Instant now);

  /// Returns how many sources have a penalty that has not been forgotten.
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  struct Penalty {
    Instant end;
    bool is_enforced = false;  ///< It stays so until the end, however short the rest is.
  };
  using BySource = std::map<std::string, Penalty, std::less<>>;
  /// The names are those in `by_source_`.
  using ByEnd = std::set<std::pair<Instant, std::string_view>>;

  Duration time_for(Misconduct misconduct) const;
  BySource::iterator entry_of(std::string_view source, Instant now);
  void postpone(BySource::iterator entry, Instant end);
  void forget_ended(Instant now);
  void forget_first();

  Penalties options_;
  std::mutex mutex_;
  BySource by_source_;
  ByEnd by_end_;
  std::atomic<std::size_t> size_ = 0;
};

}  // namespace hotline::server

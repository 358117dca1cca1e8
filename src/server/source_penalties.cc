#include "server/source_penalties.h"

#include <algorithm>
#include <new>

namespace hotline::server {

Duration SourcePenalties::time_for(Misconduct misconduct) const {
  switch (misconduct) {
    case Misconduct::failed_authentication: return options_.failed_authentication;
    case Misconduct::no_authentication: return options_.no_authentication;
    case Misconduct::timed_out: return options_.timed_out;
  }
  return Duration::zero();
}

void SourcePenalties::add(std::string_view source, Misconduct misconduct, Instant now) noexcept
    try {
  const std::lock_guard lock(mutex_);
  forget_ended(now);
  const auto entry = entry_of(source, now);
  const Instant end = std::min(entry->second.end + time_for(misconduct), now + options_.longest);
  postpone(entry, end);
  if (end - now >= options_.enforced_from) entry->second.is_enforced = true;
  // The new one may be the one that ends first.
  while (by_source_.size() > options_.sources_max) forget_first();
  size_.store(by_source_.size(), std::memory_order_relaxed);
} catch (const std::bad_alloc&) {
  // A source that is not penalised is still refused each time.
}

bool SourcePenalties::refuses(std::string_view source, Instant now) {
  if (size() == 0) return false;
  const std::lock_guard lock(mutex_);
  forget_ended(now);
  const auto found = by_source_.find(source);
  return found != by_source_.end() && found->second.is_enforced && now < found->second.end;
}

/// A new entry ends now.
SourcePenalties::BySource::iterator SourcePenalties::entry_of(std::string_view source,
                                                              Instant now) {
  if (const auto found = by_source_.find(source); found != by_source_.end()) return found;
  const auto made = by_source_.emplace(source, Penalty{now}).first;
  try {
    by_end_.emplace(now, made->first);
  } catch (const std::bad_alloc&) {
    by_source_.erase(made);
    throw;
  }
  return made;
}

/// Needs no memory.
void SourcePenalties::postpone(BySource::iterator entry, Instant end) {
  auto node = by_end_.extract({entry->second.end, entry->first});
  node.value().first = end;
  by_end_.insert(std::move(node));
  entry->second.end = end;
}

void SourcePenalties::forget_ended(Instant now) {
  while (!by_end_.empty() && by_end_.begin()->first <= now) forget_first();
  size_.store(by_source_.size(), std::memory_order_relaxed);
}

void SourcePenalties::forget_first() {
  const auto first = by_end_.begin();
  const auto entry = by_source_.find(first->second);
  by_end_.erase(first);
  by_source_.erase(entry);
}

}  // namespace hotline::server

#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>

namespace hotline::engine {

/// The keepers without a request. It is in memory that the launcher shares with its keepers, which
/// note there by themselves that they take a request or wait for one again: the launcher need not
/// run for that. A keeper that is killed stays noted until the launcher removes it.
class SpareKeepers {
 public:
  static constexpr std::size_t kWanted = 2;  ///< With fewer, the launcher forks another one.
  static constexpr std::size_t kMax = 8;     ///< With so many, a keeper ends after its request.

  /// Returns one in memory of this process and of all that it forks, to the end of them. Returns
  /// null, with errno, if there is no memory.
  static SpareKeepers* make();

  SpareKeepers(const SpareKeepers&) = delete;
  SpareKeepers& operator=(const SpareKeepers&) = delete;

  /// Takes a place for a keeper that is going to be forked. Returns what to call end_fork() with,
  /// or 0 if no place is free. Only the launcher calls this.
  pid_t begin_fork();

  /// Gives that place to `keeper`, or frees it if that is not positive. The keeper calls this too:
  /// it might take a request before the launcher runs on.
  void end_fork(pid_t fork, pid_t keeper) { replace(fork, keeper > 0 ? keeper : kFree); }

  /// Notes a keeper that waits for a further request. Returns false if no place is free.
  bool add(pid_t keeper) { return replace(kFree, keeper); }

  /// Removes a keeper if it is noted.
  void remove(pid_t keeper) { replace(keeper, kFree); }

  /// Returns how many places are taken.
  std::size_t count() const;

 private:
  static constexpr pid_t kFree = 0;

  SpareKeepers() = default;
  bool replace(pid_t from, pid_t to);

  std::array<std::atomic<pid_t>, kMax> places_{};
  pid_t last_fork_ = 0;  ///< Forks have negative numbers. The launcher only.
};

}  // namespace hotline::engine

#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// The launcher: forks keepers ahead of the requests, one for each, and waits for them. What a
/// keeper that was killed leaves behind becomes its own, and is killed. Ends, and all that is below
/// it with it, when nobody can send requests any more, or when the server dies.
class LauncherProcess {
 public:
  /// `requests`: the socket on which they come.
  explicit LauncherProcess(UniqueFd requests) : requests_(std::move(requests)) {}

  /// Runs in this process, a child of `server` with one thread and every signal blocked. Says first
  /// whether it can launch, as a LaunchStatus. Returns when nothing is left below it.
  void run(pid_t server);

 private:
  static constexpr std::size_t kSpares = 2;

  int prepare(pid_t server);
  void fork_keepers();
  bool turn();
  void take_notices();
  bool take_signals();
  void note_end(pid_t pid, int status);
  void forget_spare(pid_t pid);
  void kill_orphans();
  void refuse_request();

  UniqueFd requests_;
  UniqueFd notices_;
  UniqueFd notices_of_keepers_;
  UniqueFd signals_;
  MutableBytes memory_;
  std::vector<std::string> environment_;
  std::array<pid_t, kSpares> spares_{};  ///< Keepers without a request; 0: none.
  std::size_t spare_count_ = 0;
  int fork_error_ = 0;
  bool has_orphans_ = false;
};

}  // namespace hotline::engine

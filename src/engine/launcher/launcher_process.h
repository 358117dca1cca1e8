#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// The launcher. It forks keepers before there are requests, one for each request, and waits for
/// them. It adopts what a killed keeper leaves behind, and kills it. It ends, with all its
/// descendants, when no process can send requests any more or when the server dies.
class LauncherProcess {
 public:
  /// `requests`: the socket on which they arrive.
  explicit LauncherProcess(UniqueFd requests) : requests_(std::move(requests)) {}

  /// Runs in this process, a child of `server` with one thread and every signal blocked. First
  /// reports as a LaunchStatus whether it can launch. Returns when no descendant is left.
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
  std::array<pid_t, kSpares> spares_{};  ///< Keepers without a request; 0 for an unused place.
  std::size_t spare_count_ = 0;
  int fork_error_ = 0;
  bool has_orphans_ = false;
};

}  // namespace hotline::engine

#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/launcher/spare_keepers.h"
#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// The launcher. It forks keepers before there are requests, as many as run at once, and waits for
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
  int prepare(pid_t server);
  void fork_keepers();
  bool turn();
  void take_notices();
  bool take_signals();
  void note_end(pid_t pid, int status);
  void kill_orphans();
  void refuse_request();

  UniqueFd requests_;
  UniqueFd notices_;
  UniqueFd notices_of_keepers_;
  UniqueFd signals_;
  MutableBytes memory_;
  std::vector<std::string> environment_;
  SpareKeepers* spares_ = nullptr;  ///< Shared with the keepers.
  int fork_error_ = 0;
  bool has_orphans_ = false;
};

}  // namespace hotline::engine

#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/launcher/launcher_wire.h"
#include "engine/launcher/process_tree.h"
#include "engine/launcher/spare_keepers.h"
#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// The signal that informs a keeper, or the launcher, that its parent has died. Service managers
/// and terminals do not send it to whole groups; the signals that they do send are for the server,
/// which drains.
inline constexpr int kParentDeathSignal = SIGUSR1;

/// Returns a descriptor from which the reading process gets its SIGCHLD and kParentDeathSignal.
/// signalfd(2).
UniqueFd open_signals();

/// Returns the next of these signals that is pending, or 0.
int next_signal(int signals);

/// What every keeper gets from the launcher.
struct KeeperSetup {
  int requests;         ///< Where requests arrive; shared with other keepers.
  int notices;          ///< Where a keeper writes a byte when too few spare ones are left.
  int signals;          ///< See open_signals().
  MutableBytes memory;  ///< Where the request is read into.
  std::vector<std::string>& environment;
  SpareKeepers& spares;
  pid_t fork;  ///< See SpareKeepers::begin_fork().
};

/// The process that keeps the tree of one program at a time. It takes a request, starts the
/// program, adopts the orphans of the tree, sends the signals that the server asks for, and reports
/// how the program ended. When the tree has ended, it takes the next request, or ends if there are
/// spare keepers enough. It kills the tree when the server asks for that or dies. It also kills the
/// tree when the launcher dies, and then does not report how the program ended, and ends. It is
/// forked before there is a request.
class Keeper {
 public:
  explicit Keeper(const KeeperSetup& setup) : setup_(setup) {}

  /// Runs in this process, a child of `launcher` with every signal blocked. It has a place among
  /// the spare keepers. Returns when the keeper has to end; no descendant is left then.
  void run(pid_t launcher);

 private:
  /// What happens to the tree: it goes on, the server asks for its end, or the launcher has died.
  enum class Course : std::uint8_t { on, killed, orphaned };

  bool take_request(pid_t launcher);
  bool start();
  Course watch();
  Course wait();
  bool take_signal_requests();
  void note_end(const EndedChild& child);
  void tell_kept();
  bool become_spare();

  KeeperSetup setup_;
  LaunchDescriptors descriptors_;
  MutableBytes request_;
  pid_t leader_ = -1;  ///< -1 after it has ended.
  pid_t group_ = -1;   ///< The process group of the program, which has the number of the leader.
  bool has_left_ = false;  ///< Descendants whose end has not been reported.
};

}  // namespace hotline::engine

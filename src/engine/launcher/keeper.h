#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/launcher/launcher_wire.h"
#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// The signal that tells a keeper, or the launcher, that its parent has died. None that a service
/// manager or a terminal sends to all: those are for the server, which drains.
inline constexpr int kParentDeathSignal = SIGUSR1;

/// Where SIGCHLD and kParentDeathSignal are read: those of whichever process reads. signalfd(2).
UniqueFd open_signals();

/// Which of them is due, or 0.
int next_signal(int signals);

/// What every keeper has of the launcher.
struct KeeperSetup {
  int requests;         ///< Where they come from; shared with other keepers.
  int notices;          ///< Where a keeper says, by its process id, that it has a request.
  int signals;          ///< See open_signals.
  MutableBytes memory;  ///< For a request.
  std::vector<std::string>& environment;
};

/// The process that holds one program's tree: takes one request, starts the program, adopts the
/// orphans of the tree, tells how the program ended, and ends when the tree is gone. It ends the
/// tree when the server asks for it or goes; and when the launcher dies, without a word on how the
/// program ended. Forked ahead of the request.
class Keeper {
 public:
  explicit Keeper(const KeeperSetup& setup) : setup_(setup) {}

  /// Runs in this process, a child of `launcher` with every signal blocked. Returns when the tree
  /// is gone.
  void run(pid_t launcher);

 private:
  /// Of the tree: it goes on, the server wants its end, or the launcher has died.
  enum class Course : std::uint8_t { on, killed, orphaned };

  bool take_request(pid_t launcher);
  bool start();
  void watch();
  Course wait() const;
  bool reap();
  void note_end(pid_t pid, int status);
  void tell_kept();

  KeeperSetup setup_;
  LaunchDescriptors descriptors_;
  MutableBytes request_;
  pid_t leader_ = -1;      ///< Until it has ended.
  pid_t group_ = -1;       ///< The program's process group, which has the leader's number.
  bool has_left_ = false;  ///< Descendants, at its end; until it has been told how they fared.
};

}  // namespace hotline::engine

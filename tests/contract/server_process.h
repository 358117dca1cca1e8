#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "contract/row.h"
#include "hotline/core/unique_fd.h"
#include "hotline/server/server.h"

namespace contract {

/// What handlers tell the test, in memory that all processes share.
struct Observed {
  std::atomic<int> calls;           ///< Handlers that began.
  std::atomic<int> returns;         ///< Handlers that returned.
  std::atomic<int> end_kind;        ///< ErrorKind of the last call's end.
  std::atomic<long long> received;  ///< Bytes.
  std::atomic<long long> sent;
  std::atomic<int> flag;  ///< As the test likes.
};

/// Waits until `condition` holds: false after ten seconds. Polls, for what it asks about is another
/// process's doing.
bool eventually(const std::function<bool()>& condition);

/// One server of the row under test in a process of its own, with one service. The test talks to it
/// over sockets only. Killed with the object; take() asks for the orderly end.
class ServerProcess {
 public:
  using Handlers = hotline::Handler;

  /// `adjust` changes the options before the server is made. `prepare` runs first in the process.
  ServerProcess(const std::string& uri, const Handlers& handler,
                const std::function<void(hotline::ServerOptions&)>& adjust = {},
                const std::function<void()>& prepare = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  /// Where it listens.
  const hotline::Endpoint& endpoint() const { return endpoint_; }
  pid_t pid() const { return pid_; }

  /// SIGTERM; returns when the server has taken note.
  void drain();
  void signal(int number);

  /// Waits for its end: the report and the exit status.
  hotline::DrainReport wait();
  int exit_status() const { return exit_status_; }

  /// Resident memory of it and its children, in bytes.
  std::size_t resident_bytes() const;

 private:
  [[noreturn]] void serve(const std::string& uri, const Handlers& handler,
                          const std::function<void(hotline::ServerOptions&)>& adjust, int reports);

  pid_t pid_ = -1;
  int exit_status_ = -1;
  hotline::UniqueFd reports_;
  hotline::Endpoint endpoint_;
};

/// What resident_bytes may grow by when nothing is kept: more under sanitizers, whose shadow memory
/// counts.
std::size_t memory_slack_bytes();

/// Of the test that runs: zeroed by each ServerProcess.
Observed& observed();

}  // namespace contract

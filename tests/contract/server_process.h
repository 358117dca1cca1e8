#pragma once

#include <functional>
#include <memory>
#include <string>

#include "contract/beside.h"
#include "contract/row.h"
#include "contract/server_run.h"

namespace contract {

/// One server of the row under test, in a process of its own, with one service. The test talks to
/// it only over sockets. The destructor kills it; drain() and wait() end it in order.
class ServerProcess {
 public:
  /// `adjust` changes the options before the server is made.
  ServerProcess(const std::string& uri, const hotline::Handler& handler,
                const std::function<void(hotline::ServerOptions&)>& adjust = {},
                std::size_t descriptors_max = 0);

  /// Returns the endpoint where it listens.
  const hotline::Endpoint& endpoint() const { return endpoint_; }

  /// Sends SIGTERM; returns when the server has handled it.
  void drain();
  void signal(int number) { run_->signal(number); }

  /// Waits for its end. Returns the report and the exit status.
  hotline::DrainReport wait();
  int exit_status() const { return exit_status_; }

  std::size_t resident_bytes() const { return run_->resident_bytes(); }

 private:
  std::unique_ptr<ServerRun> run_;
  int exit_status_ = -1;
  hotline::Endpoint endpoint_;
};

/// Returns how much resident_bytes() may grow when nothing is kept: more under sanitizers, because
/// their shadow memory counts.
std::size_t memory_slack_bytes();

}  // namespace contract

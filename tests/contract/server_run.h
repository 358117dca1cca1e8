#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "hotline/server/server.h"

namespace contract {

/// What handlers report to the test, in memory that all processes share.
struct Observed {
  std::atomic<int> calls;           ///< Handlers that began.
  std::atomic<int> returns;         ///< Handlers that returned.
  std::atomic<int> end_kind;        ///< ErrorKind of the last call's end; -1: it had not ended.
  std::atomic<long long> received;  ///< Bytes.
  std::atomic<long long> sent;
  std::atomic<int> flag;  ///< For any use by the test.
};

/// Belongs to the running test: each ServerProcess sets it to zero.
Observed& observed();

/// The handler of `upper`, which reports to observed().
void observed_upper(hotline::Stream& call);

/// A message handler that returns the message. One that is a number N waits until the flag of
/// observed() is at least N.
hotline::Reply wait_for_flag(const hotline::Message& message);

/// What a server is made with.
struct ServerSpec {
  std::string uri;
  hotline::Handler handler;
  hotline::ServerOptions options;
  std::size_t descriptors_max = 0;  ///< The limit of its process; 0: the same as for others.
};

/// How a server's process ended.
struct ServerEnd {
  hotline::DrainReport report;
  int exit_status = -1;
};

/// A server that runs where the row requires. The destructor kills it.
class ServerRun {
 public:
  ServerRun() = default;
  ServerRun(const ServerRun&) = delete;
  ServerRun& operator=(const ServerRun&) = delete;
  virtual ~ServerRun() = default;

  /// Waits until it listens. Returns its endpoint, or why it does not listen.
  virtual std::string take_endpoint() = 0;

  /// Returns when the server has handled the signal.
  virtual void signal(int number) = 0;
  virtual ServerEnd wait() = 0;

  /// Returns the resident memory of the server and its children, in bytes.
  virtual std::size_t resident_bytes() const = 0;
};

/// Runs the server in a process of its own.
std::unique_ptr<ServerRun> fork_server(const ServerSpec& spec);

/// Runs the server as a program of a world of its own.
std::unique_ptr<ServerRun> simulate_server(const ServerSpec& spec);

}  // namespace contract

#pragma once

#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/services/remote_commands.h"
#include "support/launched.h"
#include "support/loops.h"
#include "support/remote_client.h"
#include "support/session_pair.h"

namespace hotline::test {

/// A service of commands with real processes, on the loop of the test, and a client's session with
/// it.
struct Served {
  explicit Served(const RemoteCommandsOptions& options = {})
      : handler(remote_commands(launcher(), options)) {
    if (handler.task()) REQUIRE(jobs.spawn("jobs", handler.task()));
    client = connect();
  }

  /// Returns the session of a further connection.
  std::optional<Session> connect() {
    auto [near, far] = connected_streams();
    Stream& stream = calls.emplace_back(std::move(far));
    REQUIRE(fibers.spawn("server", [this, &stream] {
      const Endpoint nowhere;
      try {
        handler.stream()(stream, CallInfo(nowhere, nowhere));
      } catch (const std::exception& thrown) {
        failure = thrown.what();
      }
      stream.close();
    }));
    return std::move(*Session::start(std::move(near), SessionRole::client,
                                     services::command_session_options(SessionRole::client)));
  }

  RemoteResult run(std::vector<std::string> words) {
    return run_remote(*client, RemoteCommand{.program = CommandWords{std::move(words)}});
  }
  RemoteResult shell(std::string line) {
    return run_remote(*client, RemoteCommand{.program = ShellLine{std::move(line)}});
  }

  /// Ends the connection of `client`, and waits for the end of all calls and jobs.
  void finish() {
    if (client) CHECK(client->finish(deadline_after(std::chrono::seconds(10))));
    REQUIRE(fibers.join());
    jobs.drain();
    REQUIRE(jobs.join());
    CHECK(failure == "");
  }

  std::string failure{};  ///< Why a call was refused.
  Handler handler;
  std::list<Stream> calls;
  TaskGroup fibers;  ///< The calls.
  TaskGroup jobs;    ///< The task of the handler.
  std::optional<Session> client;
};

/// Runs `body` on each loop with such a service.
inline void served(const std::function<void(Served&)>& body,
                   const RemoteCommandsOptions& options = {}) {
  on_each_loop([&](engine::EventLoop&) {
    Served server(options);
    body(server);
    server.finish();
  });
}

}  // namespace hotline::test

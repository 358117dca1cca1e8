#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/running_server.h"

namespace hotline::test {

/// Gives `body` the options of each word of concurrency, those of loops on each engine that can run
/// here. They linger for little and have no log.
inline void on_each_word(const std::function<void(const ServerOptions&)>& body,
                         std::initializer_list<const char*> words = {
                             "serial", "threads:4", "processes:4", "loops:1", "loops:2"}) {
  for (const char* word : words) {
    const bool is_loops = std::string_view(word).starts_with("loops");
    for (const EngineKind engine : is_loops ? loop_engines() : std::vector{EngineKind::automatic}) {
      INFO(std::string(word), " on the engine ", std::string(name_of(engine)));
      ServerOptions options = options_for(word);
      options.loop.engine = engine;
      body(options);
    }
  }
}

/// A server that runs on a thread of its own, of whatever `add` has added to it.
class AddedServer {
 public:
  AddedServer(const ServerOptions& options, const std::function<void(Server&)>& add)
      : server_(options) {
    add(server_);
    REQUIRE(server_.bind());
    thread_ = std::thread([this] { report_ = server_.run(); });
  }
  AddedServer(const AddedServer&) = delete;
  AddedServer& operator=(const AddedServer&) = delete;
  ~AddedServer() {
    server_.cut();
    if (thread_.joinable()) thread_.join();
  }

  Server& server() { return server_; }
  Endpoint endpoint() const { return server_.services().front().endpoint; }

  /// Waits for the end that somebody has asked for.
  DrainReport wait() {
    thread_.join();
    REQUIRE(report_);
    return *report_;
  }
  DrainReport drain() {
    server_.drain();
    return wait();
  }

 private:
  Server server_;
  Result<DrainReport> report_;
  std::thread thread_;
};

}  // namespace hotline::test

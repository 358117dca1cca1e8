#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/engine/process.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "hotline/services/command.h"

namespace hotline::services {

/// One call of the service `command`. On an event loop.
class CommandSession {
 public:
  /// All three outlive this.
  CommandSession(Stream& call, Launcher& launcher, const CommandOptions& options)
      : call_(call), launcher_(launcher), options_(options) {}

  /// Answers the caller's commands until one of the two hangs up. Throws what the operator has to
  /// know: why a command could not be answered. The call is broken off then.
  void converse();

 private:
  enum class Watched { ended, gone };

  std::optional<std::string> next_request();
  bool answer(const std::string& line);
  void give_up(const std::string& line, const Error& error);
  Result<Completed> run(const std::string& line);
  Watched watch_caller();
  Watched outlive_caller();
  bool pause(Duration duration);
  void keep(Bytes request);
  bool send(std::string_view reply);
  bool await_ready();

  Stream& call_;
  Launcher& launcher_;
  const CommandOptions& options_;
  std::deque<std::string> requests_;  ///< What the caller sent ahead.
  std::size_t requests_bytes_ = 0;
  bool has_hung_up_ = false;
  bool has_completed_ = false;  ///< The command under way.
  bool is_pausing_ = false;     ///< Whoever watches the caller meanwhile.
};

}  // namespace hotline::services

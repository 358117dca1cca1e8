#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/engine/process.h"
#include "hotline/framing/frame_stream.h"
#include "hotline/net/stream.h"
#include "hotline/services/command.h"
#include "services/call_opening.h"

namespace hotline::services {

/// One call of the service `command`. On an event loop.
class CommandSession {
 public:
  /// All three must outlive this object.
  CommandSession(Stream& call, Launcher& launcher, const CommandOptions& options);
  CommandSession(const CommandSession&) = delete;
  CommandSession& operator=(const CommandSession&) = delete;

  /// Answers the caller's commands until one side hangs up. Throws an error for the operator, which
  /// reports why a command could not be answered; the call is then broken off.
  void converse();

 private:
  enum class Watched { ended, gone };

  std::optional<std::string> next_request();
  void gather_opening();
  bool answer(const std::string& line);
  void refuse_foreign(const std::string& line);
  [[noreturn]] static void refuse(const std::string& line, const std::string& why);
  void give_up(const std::string& line, const Error& error);
  Result<Completed> run(const std::string& line);
  Watched watch_caller();
  Watched outlive_caller();
  void keep(Bytes request);
  bool send(std::string_view reply);
  Stream& stream() { return frames_.stream(); }

  FrameStream frames_;  ///< For replies, over the caller's stream.
  Launcher& launcher_;
  const CommandOptions& options_;
  CallOpening opening_;
  std::deque<std::string> requests_;  ///< The bytes that the caller sent ahead.
  std::size_t requests_bytes_ = 0;
  bool has_hung_up_ = false;
  bool has_completed_ = false;  ///< The running command has ended.
};

}  // namespace hotline::services

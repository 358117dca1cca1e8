#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "hotline/engine/process.h"
#include "hotline/services/command_exit.h"
#include "hotline/session/session_stream.h"
#include "services/attached_client.h"
#include "services/command_process.h"

namespace hotline::services {

/// A command that lives as long as its client is attached: it is killed when the stream of the
/// client is cut. One loop.
class AttachedRun {
 public:
  /// `client` must outlive this object. It has been accepted.
  AttachedRun(std::unique_ptr<Process> process, const CommandBounds& bounds, AttachedClient& client)
      : client_(client), command_(std::move(process), bounds, client) {}

  /// Runs the command to its end, calls `on_exit`, and sends the end. Call finish() of the client
  /// then.
  void run(const std::function<void(const CommandExit&)>& on_exit);

  const CommandProcess& command() const { return command_; }

 private:
  void watch_client();
  void take(const ClientMessage& message);
  void pass_input();
  void write_input(Bytes bytes);
  void send_end(const CommandExit& exit);
  OutputTrailer trailer_of(OutputStream output) const;

  AttachedClient& client_;
  CommandProcess command_;
  bool is_over_ = false;
};

}  // namespace hotline::services

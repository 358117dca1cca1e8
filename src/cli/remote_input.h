#pragma once

#include <cstddef>
#include <memory>

#include "hotline/core/bytes.h"
#include "hotline/services/running_command.h"

namespace hotline::cli {

/// The standard input of this program on its way to a remote command, which may be resumed over
/// another connection: nothing is lost or sent twice. One fiber at a time.
class RemoteInput {
 public:
  /// Sends standard input to `command` until its end, until the command takes no more of it, or
  /// until this fiber is cancelled. Call it again for the same command when that was resumed: it
  /// goes on where the command is. If standard input cannot be read, aborts the command.
  void send(RunningCommand& command);

  /// Returns the errno of the read that failed, or 0.
  int failure() const { return failure_; }

 private:
  bool send_rest(RunningCommand& command);
  bool read();

  std::unique_ptr<std::byte[]> room_{};
  Bytes unsent_{};  ///< The rest of the last piece, within `room_`.
  bool has_ended_ = false;
  int failure_ = 0;
};

}  // namespace hotline::cli

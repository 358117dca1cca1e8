#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cli/json_line.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/services/command_client.h"

namespace hotline::cli {

/// The connection to a service on the wire `hotline`, which may be made again when it is lost. One
/// fiber or thread at a time.
class RemoteLink {
 public:
  /// How it is made again.
  struct Again {
    std::string uri;   ///< The endpoint.
    std::string home;  ///< The value of --home.
    Duration connect_timeout{};
    Duration time_max{};  ///< How long to try after each loss.
    OutputForm form{};    ///< How notes are written.
  };

  /// Without `again` a lost connection stays lost.
  explicit RemoteLink(CommandClient client, std::optional<Again> again = {})
      : client_(std::move(client)), again_(std::move(again)) {}

  /// Returns the client of the current connection. Another one after a restore().
  CommandClient& client() { return client_; }

  /// Returns true if the connection was lost, and restore() may make it again.
  bool can_restore() const;

  /// Connects again, with pauses in between, and resumes `command`, which can_resume(). Prints a
  /// note before and after that. Suspends the fiber. Fails with `cancelled`, at `deadline` or after
  /// its own time with `timed_out`, and at once for an error that the next attempt would meet too,
  /// such as a server that does not know the command any more. What failed is in the error.
  Result<void> restore(RunningCommand& command, Deadline deadline);

  /// The same before there is a command.
  Result<void> restore(Deadline deadline) { return restore(nullptr, deadline); }

  /// Returns how often it was made again.
  std::uint32_t restored() const { return restored_; }

 private:
  /// What is expected of another attempt.
  enum class Outlook : std::uint8_t { open, hopeless };

  Result<void> restore(RunningCommand* command, Deadline deadline);
  Result<void> try_until_restored(RunningCommand* command);
  Result<void> attempt(RunningCommand* command, Outlook& outlook);
  Result<void> connect_again(Outlook& outlook);
  Result<void> resume(RunningCommand& command, Outlook& outlook);
  Error given_up(ErrorKind kind, std::string detail) const;

  CommandClient client_;
  std::optional<Again> again_;
  std::uint32_t restored_ = 0;
};

}  // namespace hotline::cli

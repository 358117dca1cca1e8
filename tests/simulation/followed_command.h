#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hotline/services/command_client.h"

namespace simulation {

/// A client that follows one command to its end, over as many connections as it takes.
class FollowedCommand {
 public:
  /// Returns a client, or nullopt if there is no connection.
  using Connect = std::function<std::optional<hotline::CommandClient>()>;

  /// `attempts_max`: how many connections are tried.
  FollowedCommand(hotline::RemoteCommand command, std::string input, std::size_t attempts_max)
      : command_(std::move(command)), input_(std::move(input)), attempts_max_(attempts_max) {}

  /// Returns how the command has ended. Tries again after whatever the connection has done, unless
  /// the command would run twice.
  hotline::Result<hotline::CommandExit> run(const Connect& connect);

  /// Makes the client break off its own connection when it has got so many bytes.
  void break_off_at(std::size_t bytes) { break_at_ = bytes; }

  const std::string& output() const { return output_; }
  const std::string& error() const { return error_; }

 private:
  bool start(hotline::CommandClient& client);
  hotline::Result<hotline::CommandExit> follow(hotline::CommandClient& client);

  const hotline::RemoteCommand command_;
  const std::string input_;
  const std::size_t attempts_max_;
  std::size_t break_at_ = SIZE_MAX;
  std::optional<hotline::RunningCommand> running_{};
  std::string output_{};
  std::string error_{};
};

}  // namespace simulation

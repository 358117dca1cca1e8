#include "simulation/followed_command.h"

#include <utility>

#include "hotline/engine/clock.h"

namespace simulation {

using hotline::CommandClient;
using hotline::CommandExit;
using hotline::Result;

Result<CommandExit> FollowedCommand::run(const Connect& connect) {
  Result<CommandExit> end =
      hotline::fail(hotline::make_error(hotline::ErrorKind::closed, "connect", {}, "no server"));
  for (std::size_t attempt = 0; attempt < attempts_max_; ++attempt) {
    if (attempt > 0 && !hotline::sleep_for(std::chrono::milliseconds(500))) return end;
    auto client = connect();
    if (!client) continue;
    if (!start(*client)) continue;
    end = follow(*client);
    if (end) static_cast<void>(client->finish(hotline::deadline_after(std::chrono::seconds(5))));
    if (end || !running_->can_resume()) return end;
  }
  return end;
}

/// Starts the command, or goes on with it.
bool FollowedCommand::start(CommandClient& client) {
  const auto until = hotline::deadline_after(std::chrono::seconds(60));
  if (running_) return running_->resume(client, until).has_value();
  auto started = client.start(command_, until);
  // The server has not got it.
  if (!started) return false;
  running_.emplace(std::move(*started));
  return true;
}

Result<CommandExit> FollowedCommand::follow(CommandClient& client) {
  const auto into = [&](std::string& text) {
    return [&](hotline::Bytes piece) {
      text += hotline::as_text(piece);
      if (output_.size() + error_.size() < break_at_) return true;
      break_at_ = SIZE_MAX;
      client.session().break_off(hotline::SessionCode::internal, "the client wants it so");
      return true;
    };
  };
  hotline::CommandSinks sinks{.on_output = into(output_), .on_error = into(error_)};
  if (command_.input == hotline::CommandInput::stream) {
    sinks.next_input = [&]() -> Result<hotline::Bytes> {
      return hotline::as_bytes(input_).subspan(running_->input_size());
    };
  }
  return running_->follow(sinks);
}

}  // namespace simulation

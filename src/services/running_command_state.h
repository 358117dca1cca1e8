#pragma once

#include <string>
#include <utility>

#include "hotline/services/running_command.h"
#include "services/command_reader.h"
#include "services/command_sender.h"

namespace hotline {

/// Both halves of a command at its client, and what resume() needs.
struct RunningCommand::State {
  /// What the request says.
  struct Request {
    services::CommandReader::Request reading{};
    services::CommandSender::Permissions sending{};
    std::string again{};  ///< The request itself, if it may be sent a second time: it has a key,
                          ///< or attaches to a job.
  };

  /// How far follow() is with the input of its caller.
  struct Feed {
    Bytes unwritten{};  ///< The rest of the last piece.
    bool has_ended = false;
  };

  State(Request asked, const std::string& endpoint)
      : request(std::move(asked)),
        sender(request.sending, endpoint),
        reader(request.reading, endpoint, sender) {}

  Request request;
  services::CommandSender sender;
  services::CommandReader reader;
  Feed feed{};
};

}  // namespace hotline

#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "hotline/engine/process.h"
#include "hotline/services/remote_commands.h"
#include "services/command_places.h"
#include "services/job_runner.h"
#include "services/job_table.h"

namespace hotline::services {

/// Returns how many of `all` places one caller may have: `wanted`, or else three quarters.
constexpr std::size_t share_of_caller(std::size_t all, std::optional<std::size_t> wanted) {
  return wanted.value_or(all - all / 4);
}

/// What all calls of one service share. Any thread.
struct RemoteService {
  RemoteService(Launcher& of_server, const RemoteCommandsOptions& wanted)
      : launcher(of_server),
        options(wanted),
        places(options.commands_max,
               share_of_caller(options.commands_max, options.commands_per_caller_max)),
        jobs(options.jobs_max, share_of_caller(options.jobs_max, options.jobs_per_caller_max)) {}

  Launcher& launcher;
  const RemoteCommandsOptions options;
  CommandPlaces places;
  JobTable jobs;
  JobRunner runner{jobs};
};

/// One connection of a caller.
struct RemoteCall {
  RemoteService& service;
  std::string caller;    ///< Its name, for limits and jobs.
  std::string identity;  ///< For the audit.
  std::string endpoint;
};

}  // namespace hotline::services

#pragma once

#include <string>

#include "hotline/services/command_exit.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"
#include "services/command_process.h"
#include "services/job.h"
#include "services/remote_service.h"

namespace hotline::services {

// What RemoteCommandsOptions::audit gets of one command: how it has ended, or that it was refused.

void note_end(const RemoteCall& call, const RemoteCommand& command, const JobId& id,
              const CommandExit& exit, const CommandProcess& process);
void note_end(const RemoteCall& call, const Job& job, const CommandExit& exit);
void note_refusal(const RemoteCall& call, const RemoteCommand& command, const std::string& text);

}  // namespace hotline::services

#pragma once

#include <expected>
#include <string>

#include "hotline/core/bytes.h"
#include "hotline/services/job_entry.h"
#include "services/command_protocol.h"

// The message JOB of docs/wire/remote.md. No I/O.

namespace hotline::services {

/// Returns the payload of JOB. A program over kJobProgramMax is cut.
std::string encode_job(const JobEntry& entry);

/// Returns the job, or what is wrong with the payload.
std::expected<JobEntry, CommandFault> decode_job(Bytes payload);

}  // namespace hotline::services

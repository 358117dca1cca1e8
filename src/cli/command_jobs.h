#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/subcommand.h"
#include "hotline/core/deadline.h"
#include "hotline/services/job_id.h"

namespace hotline::cli {

/// The arguments of `hotline jobs`.
struct JobsOptions {
  std::string endpoint = {};
  std::optional<JobId> job = {};   ///< With one of the next two.
  std::optional<int> signal = {};  ///< Send it to the job.
  bool is_forgotten = false;       ///< End the job and drop its output.
  Duration timeout = std::chrono::seconds(30);
};

/// `hotline jobs`.
Subcommand jobs_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<JobsOptions> read_jobs(const Arguments& given);

}  // namespace hotline::cli

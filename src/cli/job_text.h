#pragma once

#include <span>
#include <string>

#include "cli/json_line.h"
#include "hotline/core/result.h"
#include "hotline/services/job_entry.h"

namespace hotline::cli {

/// Returns a table of jobs for people, with a line of headings.
std::string table_of(std::span<const JobEntry> jobs);

/// Returns one versioned object for a job.
JsonLine json_of_job(const JobEntry& job);

/// Returns the id that `word` is. Fails with `invalid_argument`, with a hint.
Result<JobId> parse_job(const std::string& word);

}  // namespace hotline::cli

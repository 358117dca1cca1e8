#pragma once

#include <string>

#include "cli/json_line.h"
#include "hotline/core/deadline.h"
#include "hotline/services/ntp_report.h"

namespace hotline::cli {

/// Returns a length of time with four digits and its unit: `12.34 us`, `-1.500 s`.
std::string time_text(Duration time);

/// The same with a sign in any case: `+12.34 us`.
std::string signed_time_text(Duration time);

/// Returns a report for people, in lines. `server` is how the user has named the server.
std::string ntp_text_of(const NtpReport& report, const std::string& server);

/// The same as a JSON object. Times are in nanoseconds.
JsonLine ntp_json_of(const NtpReport& report, const std::string& server);

/// Returns a sample for people, on one line without a newline.
std::string ntp_text_of(const NtpSample& sample);

/// The same as a JSON object.
JsonLine ntp_json_of(const NtpSample& sample);

}  // namespace hotline::cli

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "cli/subcommand.h"
#include "hotline/services/ntp_client.h"

namespace hotline::cli {

/// How `hotline ntp` asks.
struct NtpQuery {
  std::string uri{};
  NtpClientOptions client{};
  bool is_watch = false;                            ///< Shows each sample.
  std::optional<std::size_t> watch_requests_max{};  ///< See NtpWatchOptions.
};

/// `hotline ntp`.
Subcommand ntp_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<NtpQuery> read_ntp(const Arguments& given);

}  // namespace hotline::cli

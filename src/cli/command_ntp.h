#pragma once

#include <string>
#include <string_view>

#include "cli/subcommand.h"
#include "hotline/services/ntp_client.h"

namespace hotline::cli {

/// How `hotline ntp` asks.
struct NtpOptions {
  std::string uri{};
  NtpClientOptions client{};
  bool is_watch = false;  ///< Asks until it is interrupted.
};

/// `hotline ntp`.
Subcommand ntp_subcommand();

/// Returns the URI for `HOST[:PORT]`, with options after `?` or without; a URI stays as it is. An
/// IPv6 address with a port has brackets.
std::string ntp_uri(std::string_view server);

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<NtpOptions> read_ntp(const Arguments& given);

}  // namespace hotline::cli

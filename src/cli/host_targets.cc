#include "cli/host_targets.h"

#include <string>
#include <utility>

#include "cli/remote_run.h"
#include "cli/report.h"
#include "hotline/net/tls.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kNamedMax = 20;

/// Reads the key, or the certificates, with which a client calls it.
Result<void> check_trust(const CommandTarget& target, const std::string& host) {
  const Endpoint& endpoint = target.target.endpoint;
  if (!is_protected(endpoint.transport())) return {};
  TlsOptions options = target.connecting.tls;
  options.files = target.target.tls;
  auto trusted = Tls::client(options, endpoint.user(), endpoint.host());
  if (trusted) return {};
  Error error = std::move(trusted.error());
  return fail(make_error(error.kind, "call", host, error.message(), error.hint()));
}

Result<CommandTarget> checked_target(const std::string& host, const RunOptions& run,
                                     const std::string& home) {
  auto target = CommandTarget::parse(host, home, run.connect_timeout);
  if (!target) return target;
  if (target->command.wire != CommandWire::hotline) {
    return fail(usage_error("--on needs the wire 'hotline', and " + host + " has another",
                            "leave out wire=, or call it without --on"));
  }
  if (auto checked = remote_command(*target, run).check(); !checked) return fail(checked.error());
  if (auto checked = check_trust(*target, host); !checked) return fail(checked.error());
  return target;
}

/// Returns one error for all. They have at least one.
Error joined_errors(const std::vector<Error>& errors, std::size_t hosts) {
  if (errors.size() == 1) return errors.front();
  std::string text = std::to_string(errors.size()) + " of " + std::to_string(hosts) +
                     " endpoints cannot be called";
  for (std::size_t i = 0; i < errors.size() && i < kNamedMax; ++i) {
    text += (i == 0 ? ": " : "; ") + errors[i].message();
  }
  if (errors.size() > kNamedMax) {
    text += "; and " + std::to_string(errors.size() - kNamedMax) + " more";
  }
  return usage_error(std::move(text), errors.front().hint());
}

}  // namespace

Result<std::vector<CommandTarget>> host_targets(const RunOptions& run, const std::string& home) {
  std::vector<CommandTarget> targets;
  std::vector<Error> errors;
  for (const std::string& host : run.hosts) {
    auto target = checked_target(host, run, home);
    if (target) {
      targets.push_back(std::move(*target));
    } else {
      errors.push_back(std::move(target.error()));
    }
  }
  if (!errors.empty()) return fail(joined_errors(errors, run.hosts.size()));
  return targets;
}

}  // namespace hotline::cli

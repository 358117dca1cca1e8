#include "server/missing_keys.h"

#include <algorithm>
#include <string>

#include "hotline/core/choice.h"

namespace hotline::server {
namespace {

bool trusts_keys(const ServerState& state, const Service& service) {
  return is_protected(service.wanted.transport()) && !service.was_given_bound &&
         tls_files_of(service, state.options).certificate.empty();
}

/// Returns the names in the list of `service` that are not among `known`, which is sorted.
std::vector<std::string> missing_names(const Service& service,
                                       const std::vector<std::string>& known) {
  std::vector<std::string> missing;
  std::ranges::set_difference(service.allowed.names(), known, std::back_inserter(missing));
  return missing;
}

}  // namespace

void warn_of_missing_keys(const ServerState& state, const std::vector<Service>& services) {
  if (!state.options.tls.accepted_names) return;
  std::vector<std::string> known = state.options.tls.accepted_names();
  std::ranges::sort(known);
  for (const Service& service : services) {
    if (!trusts_keys(state, service)) continue;
    if (known.empty()) {
      state.log(LogLevel::warning, "there is no key: every caller will be refused", service.name,
                nullptr, service.bound.to_string());
    } else if (const auto missing = missing_names(service, known); !missing.empty()) {
      state.log(LogLevel::warning, "allow= has names without a key", service.name, nullptr,
                list_words(missing));
    }
  }
}

}  // namespace hotline::server

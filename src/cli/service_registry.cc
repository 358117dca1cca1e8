#include "cli/service_registry.h"

#include <algorithm>
#include <utility>

#include "cli/nearest_name.h"
#include "cli/report.h"
#include "hotline/core/bytes.h"
#include "hotline/services/command.h"
#include "hotline/services/upper.h"

namespace hotline::cli {
namespace {

/// `stream` on streams, `message` on datagrams.
template <typename StreamFunction, typename MessageFunction>
Handler both(StreamFunction stream, MessageFunction message) {
  Handler handler(stream);
  handler.also(message);
  return handler;
}

Result<Handler> make_upper(OptionTaker&, const ServiceNeeds& needs) {
  if (needs.calls == CallCount::one) return both(upper_once, upper_message_once);
  return both(upper, upper_message);
}

Result<Handler> make_command(OptionTaker& taker, const ServiceNeeds& needs) {
  CommandOptions options;
  options.is_once = needs.calls == CallCount::one;
  options.is_exposed = true;  // Whoever serves it guards it.
  return command_maker(*needs.launcher, options)(taker);
}

}  // namespace

Result<const ServiceEntry*> ServiceRegistry::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &ServiceEntry::name);
  if (found != entries_.end()) return &*found;
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const ServiceEntry& each : entries_) names.push_back(each.name);
  return fail(usage_error("there is no service '" + escape(as_bytes(name)) + "'",
                          did_you_mean(name, names) +
                              (names.size() == 1 ? "the only one is " : "there are ") +
                              list_names(names) + "; see 'hotline services'"));
}

ServiceRegistry make_service_registry() {
  std::vector<ServiceEntry> entries;
  entries.push_back({.name = "upper",
                     .summary = "answers with the same bytes, a-z as A-Z",
                     .transports = {"tcp", "udp", "unix", "unixgram", "fd"},
                     .example = "upper=tcp://127.0.0.1:8000",
                     .make = make_upper});
  entries.push_back({.name = "command",
                     .summary = "runs shell commands, and answers with what they say",
                     .transports = {"tcp", "unix", "fd"},
                     .example = "command=tcp://127.0.0.1:8090?wire=i32",
                     .make = make_command,
                     .needs_launcher = true,
                     .is_guarded = true});
  return ServiceRegistry(std::move(entries));
}

}  // namespace hotline::cli

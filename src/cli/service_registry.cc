#include "cli/service_registry.h"

#include <algorithm>

#include "cli/option_values.h"
#include "cli/report.h"
#include "cli/service_command.h"
#include "cli/service_files.h"
#include "cli/service_ntp.h"
#include "cli/service_time.h"
#include "cli/service_upper.h"
#include "hotline/core/choice.h"
#include "hotline/core/nearest_name.h"

namespace hotline::cli {
namespace {

/// One line for each service.
constexpr ServiceEntry (*kServices[])() = {
    upper_service,  //
    command_service, files_service, time_service, ntp_service,
};

}  // namespace

Result<const ServiceEntry*> ServiceRegistry::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &ServiceEntry::name);
  if (found != entries_.end()) return &*found;
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const ServiceEntry& each : entries_) names.push_back(each.name);
  return fail(usage_error("there is no service " + quote(name),
                          did_you_mean(name, names) +
                              (names.size() == 1 ? "the only one is " : "there are ") +
                              list_words(names) + "; see 'hotline services'"));
}

std::vector<ServiceEntry> make_services() {
  std::vector<ServiceEntry> services;
  for (const auto& make : kServices) services.push_back(make());
  return services;
}

ServiceRegistry make_service_registry() { return ServiceRegistry(make_services()); }

}  // namespace hotline::cli

#include "cli/command_services.h"

#include <string>
#include <vector>

#include "cli/report.h"
#include "cli/service_registry.h"
#include "cli/text_layout.h"

namespace hotline::cli {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : " ") + each;
  return text;
}

/// Quoted for a shell, because ? is a wildcard in some.
std::string example_of(const ServiceEntry& entry) {
  const bool is_quoted = entry.example.contains('?');
  return "hotline serve " + (is_quoted ? "'" + entry.example + "'" : entry.example);
}

std::string json_of(const ServiceEntry& entry) {
  JsonLine line = JsonLine::versioned();
  line.add("service", entry.name);
  line.add("summary", entry.summary);
  line.add("transports", entry.transports);
  line.add("example", example_of(entry));
  return line.text() + '\n';
}

ExitStatus list_services(const Arguments&, const CommonOptions& common) {
  const ServiceRegistry registry = make_service_registry();
  if (common.output == OutputForm::json) {
    std::string lines;
    for (const ServiceEntry& each : registry.entries()) lines += json_of(each);
    return print_output(lines, ExitStatus::ok, common.output);
  }
  std::vector<std::vector<std::string>> rows = {
      {"SERVICE", "WHAT IT DOES", "TRANSPORTS", "EXAMPLE"}};
  for (const ServiceEntry& each : registry.entries()) {
    rows.push_back({each.name, each.summary, join(each.transports), example_of(each)});
  }
  return print_output(table(rows), ExitStatus::ok, common.output);
}

}  // namespace

Subcommand services_subcommand() {
  return {.name = "services",
          .summary = "list the services that can be served",
          .examples = "  hotline services\n  hotline services --json\n",
          .options = {{.name = "--json", .help = "print one JSON object for each service"}},
          .description =
              "Lists each service with the transports that it can be served on and an "
              "example. 'hotline help SERVICE' describes one.\n",
          .run = list_services};
}

}  // namespace hotline::cli

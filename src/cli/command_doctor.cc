#include "cli/command_doctor.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "cli/build_facts.h"
#include "cli/examination.h"

namespace hotline::cli {
namespace {

struct Version {
  std::string_view name;
  std::string_view value;
};

std::vector<Version> versions() {
  const BuildFacts facts = build_facts();
  return {{"hotline", facts.version},   {"build", facts.build_type},
          {"compiler", facts.compiler}, {"library", facts.standard_library},
          {"boost", facts.boost},       {"liburing", facts.liburing},
          {"fmt", facts.fmt},           {"spdlog", facts.spdlog},
          {"libedit", facts.libedit}};
}

void print_text(const std::vector<Finding>& findings) {
  constexpr int kMarkWidth = 5;
  constexpr int kNameWidth = 14;
  for (const Finding& each : findings) {
    std::printf("%-*s%-*s%s\n", kMarkWidth, std::string(name_of(each.verdict)).c_str(), kNameWidth,
                each.name.c_str(), each.value.c_str());
    if (!each.advice.empty()) {
      std::printf("%-*s%-*shint: %s\n", kMarkWidth, "", kNameWidth, "", each.advice.c_str());
    }
  }
  std::puts("\nbuilt of");
  for (const Version& each : versions()) {
    std::printf("%-*s%-*s%s\n", kMarkWidth, "", kNameWidth, std::string(each.name).c_str(),
                std::string(each.value).c_str());
  }
}

void print_json(const std::vector<Finding>& findings, Verdict worst) {
  std::vector<JsonLine> objects;
  for (const Finding& each : findings) {
    JsonLine object;
    object.add("name", each.name).add("value", each.value).add("verdict", name_of(each.verdict));
    object.add_unless_empty("hint", each.advice);
    objects.push_back(std::move(object));
  }
  JsonLine built;
  for (const Version& each : versions()) built.add(each.name, each.value);
  JsonLine line = JsonLine::versioned();
  line.add("verdict", name_of(worst)).add("findings", objects).add("built", built);
  std::puts(line.text().c_str());
}

}  // namespace

ExitStatus doctor_command(const CommonOptions& common) {
  const std::vector<Finding> findings = examine();
  const Verdict worst = std::ranges::max(findings, {}, &Finding::verdict).verdict;
  if (common.output == OutputForm::json) {
    print_json(findings, worst);
  } else {
    print_text(findings);
    std::puts(worst == Verdict::fail ? "\nservers cannot run here: see FAIL"
                                     : "\neverything that servers need is there");
  }
  return worst == Verdict::fail ? ExitStatus::failed : ExitStatus::ok;
}

}  // namespace hotline::cli

#include "cli/command_doctor.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli/build_facts.h"
#include "cli/examination.h"
#include "cli/report.h"

namespace hotline::cli {
namespace {

constexpr char kDoctorDescription[] =
    R"(Shows which engine servers run on here and why, the limits on the number of calls at
once, and the versions of what the program was built of. It also makes one call to itself over the
loopback.

Each line is marked 'ok', 'note' (it works; the hint says what would improve it) or 'FAIL'. The
exit status is 1 if a line is marked FAIL, else 0.
)";

struct Version {
  std::string_view name;
  std::string_view value;
};

std::vector<Version> versions() {
  const BuildFacts facts = build_facts();
  return {{"hotline", facts.version},    {"build", facts.build_type},
          {"compiler", facts.compiler},  {"library", facts.standard_library},
          {"boost", facts.boost},        {"liburing", facts.liburing},
          {"libedit", facts.libedit},    {"libseccomp", facts.libseccomp},
          {"openssl", facts.openssl},    {"xxhash", facts.xxhash},
          {"toml++", facts.tomlplusplus}};
}

/// Returns one line of the table, with columns of these widths.
std::string row_of(std::string_view mark, std::string_view name, std::string_view value) {
  constexpr std::size_t kMarkWidth = 5;
  constexpr std::size_t kNameWidth = 14;
  std::string row(mark);
  row.append(kMarkWidth - std::min(mark.size(), kMarkWidth), ' ').append(name);
  row.append(kNameWidth - std::min(name.size(), kNameWidth), ' ').append(value);
  return row + '\n';
}

std::string text_of(const std::vector<Finding>& findings, Verdict worst) {
  std::string text;
  for (const Finding& each : findings) {
    text += row_of(name_of(each.verdict), each.name, each.value);
    if (!each.advice.empty()) text += row_of({}, {}, "hint: " + each.advice);
  }
  text += "\nbuilt of\n";
  for (const Version& each : versions()) text += row_of({}, each.name, each.value);
  return text + (worst == Verdict::fail ? "\nsomething that servers need is missing: see FAIL\n"
                                        : "\neverything that servers need is there\n");
}

std::string json_of(const std::vector<Finding>& findings, Verdict worst) {
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
  return line.text() + '\n';
}

ExitStatus examine_machine(const Arguments&, const CommonOptions& common) {
  const std::vector<Finding> findings = examine();
  const Verdict worst = std::ranges::max(findings, {}, &Finding::verdict).verdict;
  const bool is_json = common.output == OutputForm::json;
  return print_output(is_json ? json_of(findings, worst) : text_of(findings, worst),
                      worst == Verdict::fail ? ExitStatus::failed : ExitStatus::ok, common.output);
}

}  // namespace

Subcommand doctor_subcommand() {
  return {.name = "doctor",
          .summary = "check that this machine can run servers",
          .examples = "  hotline doctor\n  hotline doctor --json\n",
          .options = {{.name = "--json", .help = "print all findings as one JSON object"}},
          .description = kDoctorDescription,
          .run = examine_machine};
}

}  // namespace hotline::cli

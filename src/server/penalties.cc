#include "hotline/server/penalties.h"

#include <string>

#include "hotline/core/rows.h"

namespace hotline {
namespace {

struct CallersRow {
  PenalisedCallers kind;
  Choice choice;
};

constexpr CallersRow kRows[] = {
    {PenalisedCallers::none, {.name = "off", .form = "off", .summary = "no penalties"}},
    {PenalisedCallers::other_machines,
     {.name = "remote", .form = "remote", .summary = "penalties for callers on other machines"}},
    {PenalisedCallers::all,
     {.name = "all", .form = "all", .summary = "penalties for callers on this machine too"}},
};
static_assert(is_in_order(kRows, &CallersRow::kind), "a row is found by its number");

constexpr auto kChoices = choices_of(kRows);

// So that no sum of times overflows.
constexpr Duration kTimeMax = std::chrono::days(365);

std::unexpected<Error> refuse_penalty(std::string_view what, std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "start the server", {},
                         "Penalties::" + std::string(what) + std::move(detail)));
}

}  // namespace

Result<PenalisedCallers> parse_penalised_callers(std::string_view word) {
  if (const CallersRow* row = find_row(kRows, word)) return row->kind;
  return fail(unknown_choice("word", word, kChoices));
}

std::span<const Choice> penalised_caller_names() { return kChoices; }

Result<void> Penalties::check() const {
  const struct {
    std::string_view name;
    Duration value;
  } kTimes[] = {{"failed_authentication", failed_authentication},
                {"no_authentication", no_authentication},
                {"timed_out", timed_out},
                {"enforced_from", enforced_from},
                {"longest", longest}};
  for (const auto& [name, value] : kTimes) {
    if (value <= Duration::zero()) return refuse_penalty(name, " is not longer than 0");
    if (value > kTimeMax) return refuse_penalty(name, " is longer than a year");
  }
  if (longest < enforced_from) return refuse_penalty("longest", " is less than enforced_from");
  if (sources_max == 0) return refuse_penalty("sources_max", " is 0");
  return {};
}

}  // namespace hotline

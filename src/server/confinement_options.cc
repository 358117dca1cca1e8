#include "hotline/server/confinement_options.h"

#include "hotline/core/rows.h"

namespace hotline {
namespace {

struct ConfineRow {
  Confine kind;
  Choice choice;
};

constexpr ConfineRow kConfineRows[] = {
    {Confine::never, {.name = "off", .form = "off", .summary = "the program is not confined"}},
    {Confine::if_possible,
     {.name = "auto", .form = "auto", .summary = "as far as the kernel and the services allow"}},
    {Confine::required,
     {.name = "required", .form = "required", .summary = "wholly, or it does not start"}},
};
static_assert(is_in_order(kConfineRows, &ConfineRow::kind), "a row is found by its number");

constexpr auto kConfineChoices = choices_of(kConfineRows);

}  // namespace

Result<Confine> parse_confine(std::string_view word) {
  if (const ConfineRow* row = find_row(kConfineRows, word)) return row->kind;
  return fail(unknown_choice("word", word, kConfineChoices));
}

std::span<const Choice> confine_names() { return kConfineChoices; }

}  // namespace hotline

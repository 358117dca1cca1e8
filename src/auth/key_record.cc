#include "hotline/auth/key_record.h"

#include "hotline/core/rows.h"

namespace hotline {
namespace {

struct KeyListRow {
  KeyList list;
  Choice choice;
};

constexpr KeyListRow kKeyListRows[] = {
    {KeyList::callers,
     {.name = "callers", .form = "callers", .summary = "the keys that callers present"}},
    {KeyList::credentials,
     {.name = "credentials", .form = "credentials", .summary = "the keys to call others with"}},
};

static_assert(is_in_order(kKeyListRows, &KeyListRow::list), "name_of finds a row by its number");

}  // namespace

std::string_view name_of(KeyList list) {
  return kKeyListRows[static_cast<std::size_t>(list)].choice.name;
}

std::optional<KeyList> find_key_list(std::string_view name) {
  const KeyListRow* row = find_row(kKeyListRows, name);
  return row == nullptr ? std::nullopt : std::optional(row->list);
}

}  // namespace hotline

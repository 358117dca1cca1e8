#include "hotline/auth/key_record.h"

#include "hotline/core/enum_names.h"

namespace hotline {
namespace {

constexpr EnumNames<KeyList, 2> kNames = {
    {{KeyList::callers, "callers"}, {KeyList::credentials, "credentials"}}};

}  // namespace

std::string_view name_of(KeyList list) { return kNames.name_of(list); }

std::optional<KeyList> find_key_list(std::string_view name) { return kNames.find(name); }

}  // namespace hotline

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/auth/key.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The two lists of keys of a home. A key is in the one at its server, and in the other at its
/// caller.
enum class KeyList : std::uint8_t {
  callers,      ///< What this home accepts from its callers.
  credentials,  ///< What this home presents to the servers that it calls.
};

/// Returns the name of the list: `callers`.
std::string_view name_of(KeyList list);

/// Returns the list of that name, or nothing.
std::optional<KeyList> find_key_list(std::string_view name);

/// A key that a home has. A value.
struct KeyRecord {
  KeyList list = KeyList::callers;
  Key key{};
  std::string created;  ///< When it was added to the list, in UTC: `2026-11-27T02:20:53Z`.

  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

/// Which key is meant. A value.
struct KeySelector {
  std::string name;       ///< Empty: any.
  std::string server_id;  ///< A server id or its first digits; empty: any.
  std::optional<KeyList> list{};
};

}  // namespace hotline

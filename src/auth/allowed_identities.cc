#include "hotline/auth/allowed_identities.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "hotline/auth/key.h"

namespace hotline {
namespace {

constexpr std::uint32_t kRootUid = 0;
constexpr std::uint32_t kNobodyId = UINT32_MAX;  // What the kernel writes for an unknown user.

std::unexpected<Error> refuse_allowed(std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "use", "the list of allowed callers",
                         std::move(detail),
                         "write any, or names of keys, uid:N, gid:N and owner with commas between "
                         "them"));
}

/// Adds the number after `prefix` to `ids`. Returns false if `entry` is not of that form.
Result<bool> take_id(std::string_view entry, std::string_view prefix,
                     std::set<std::uint32_t>& ids) {
  if (!entry.starts_with(prefix)) return false;
  const std::string_view digits = entry.substr(prefix.size());
  std::uint32_t id = 0;
  const std::errc error = std::from_chars(digits.data(), digits.data() + digits.size(), id).ec;
  const bool has_number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  if (!has_number) return refuse_allowed("'" + escape(as_bytes(entry), 64) + "' has no number");
  if (error != std::errc() || id == kNobodyId) {
    return refuse_allowed("the number of '" + escape(as_bytes(entry), 64) +
                          "' is too large: the last one is " + std::to_string(kNobodyId - 1));
  }
  ids.insert(id);
  return true;
}

}  // namespace

Result<AllowedIdentities> AllowedIdentities::parse(std::string_view text) {
  AllowedIdentities allowed;
  if (text == "any") return allowed;
  allowed.is_any_ = false;
  if (static_cast<std::size_t>(std::ranges::count(text, ',')) >= kEntriesMax) {
    return refuse_allowed("it has more than 1000 entries");
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (auto taken = allowed.take(text.substr(begin, end - begin)); !taken) {
      return fail(std::move(taken.error()));
    }
    begin = end + 1;
  }
  return allowed;
}

AllowedIdentities AllowedIdentities::owner() {
  AllowedIdentities allowed;
  allowed.is_any_ = false;
  allowed.allows_owner_ = true;
  return allowed;
}

Result<void> AllowedIdentities::take(std::string_view entry) {
  if (entry.empty()) return refuse_allowed("an entry is empty");
  if (entry == "any") return refuse_allowed("'any' is in a list with others");
  if (entry == "owner") {
    allows_owner_ = true;
    return {};
  }
  for (const auto& [prefix, ids] : {std::pair("uid:", &uids_), std::pair("gid:", &gids_)}) {
    const auto taken = take_id(entry, prefix, *ids);
    if (!taken) return fail(taken.error());
    if (*taken) return {};
  }
  if (auto checked = Key::check_name(entry); !checked) {
    return refuse_allowed("'" + escape(as_bytes(entry), 64) + "' is not the name of a key");
  }
  names_.emplace(entry);
  return {};
}

bool AllowedIdentities::allows(const CallerFacts& caller, std::uint32_t owner_uid) const {
  if (is_any_) return true;
  // A caller without a proven name has the empty one, which no list contains.
  if (names_.contains(caller.name)) return true;
  if (!caller.user) return false;
  const std::uint32_t uid = caller.user->uid;
  if (allows_owner_ && (uid == owner_uid || uid == kRootUid)) return true;
  return uids_.contains(uid) || gids_.contains(caller.user->gid);
}

}  // namespace hotline

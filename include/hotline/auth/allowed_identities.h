#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/peer_credentials.h"

namespace hotline HOTLINE_PUBLIC {

/// What is known about a caller when it is decided whether it may call. A view.
struct CallerFacts {
  std::string_view name{};  ///< The name that authentication has proved; empty without one.
  std::optional<PeerCredentials> user{};  ///< The user of a caller on this machine.
};

/// The callers that a service answers. A value; any thread may read it.
///
/// It is written as `any`, or as a list: `alice,bob,uid:1000,gid:100,owner`. `owner` is the user of
/// the server, and root. A caller is allowed if one entry of the list matches it.
class AllowedIdentities {
 public:
  static constexpr std::size_t kEntriesMax = 1000;

  /// Makes the list `any`.
  AllowedIdentities() = default;

  /// Parses `text`. Fails with `invalid_argument`, with a hint.
  static Result<AllowedIdentities> parse(std::string_view text);

  /// Returns the list `owner`.
  static AllowedIdentities owner();

  /// Returns true if every caller is allowed.
  bool allows_any() const { return is_any_; }

  /// Returns true if an entry is about users of this machine, which only UNIX sockets identify.
  bool names_users() const { return allows_owner_ || !uids_.empty() || !gids_.empty(); }

  /// Returns true if an entry is `uid:` or `gid:`.
  bool names_other_users() const { return !uids_.empty() || !gids_.empty(); }

  /// Returns true if `owner` is the only entry.
  bool is_owner_only() const { return allows_owner_ && !names_other_users() && !names_callers(); }

  /// Returns true if an entry is a name, which only authentication proves.
  bool names_callers() const { return !names_.empty(); }

  /// Returns the names that are listed, in order.
  const std::set<std::string, std::less<>>& names() const { return names_; }

  /// Returns true if the caller may call. `owner_uid` is the effective user of the server.
  bool allows(const CallerFacts& caller, std::uint32_t owner_uid) const;

  bool operator==(const AllowedIdentities&) const = default;

 private:
  Result<void> take(std::string_view entry);

  bool is_any_ = true;
  bool allows_owner_ = false;
  std::set<std::string, std::less<>> names_;
  std::set<std::uint32_t> uids_;
  std::set<std::uint32_t> gids_;
};

}  // namespace hotline

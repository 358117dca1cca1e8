#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// How many callers of a server may be unauthenticated at once, as MaxStartups of sshd_config(5):
/// below `start` none is refused; from there on new callers are refused at random, `percent` of
/// them at `start`, more the more there are, and all at `full`. Random refusals give a good caller
/// a chance that it would not have at a fixed limit, which callers that never answer keep reached.
///
/// The defaults: 250 callers may begin at the same moment, as after a restart, and none is refused.
/// At most 1,000 are held. Each takes 14 KiB over TLS before its first message is complete, and
/// some 50 KiB after it, so that is at most 50 MB.
struct EarlyDrop {
  /// A chance of kCertain is certain.
  static constexpr std::uint32_t kCertain = 10'000;

  std::size_t start = 250;
  std::size_t percent = 30;
  std::size_t full = 1000;

  /// Parses `START:PERCENT:FULL`. Fails with `invalid_argument`, also if check() fails.
  static Result<EarlyDrop> parse(std::string_view text);

  /// Returns the form that parse() takes.
  std::string to_string() const;

  /// Fails with `invalid_argument` unless 1 <= start <= full and 1 <= percent <= 100.
  Result<void> check() const;

  /// Returns the chance that one more caller is refused beside `count` others, in parts of
  /// kCertain.
  std::uint32_t chance_to_refuse(std::size_t count) const;

  friend bool operator==(const EarlyDrop&, const EarlyDrop&) = default;
};

}  // namespace hotline

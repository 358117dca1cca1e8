#pragma once

#include <optional>
#include <string_view>

#include "hotline/auth/challenge.h"
#include "hotline/core/result.h"
#include "hotline/framing/framing.h"
#include "hotline/net/connect.h"
#include "hotline/net/target.h"

namespace hotline::cli {

/// The endpoint of a stream that a command calls, with everything that its options say. A value.
struct StreamTarget {
  Target target{};
  Framing framing{};
  std::optional<Challenge> challenge{};

  /// Fails as Target::parse(), Framing::take_from() and Challenge::take_from() do.
  static Result<StreamTarget> parse(std::string_view uri);

  /// Connects, and answers the challenge. Suspends the fiber. Fails as connect() does.
  Result<Stream> open(ConnectOptions options) const;
};

}  // namespace hotline::cli

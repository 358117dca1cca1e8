#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/tls.h"

namespace hotline HOTLINE_PUBLIC {

/// A parsed URI: the endpoint, and the values of its options. A value.
struct Target {
  Endpoint endpoint{};
  SocketOptions socket{};
  TlsFiles tls{};  ///< For `tls://`.

  /// Takes the options of other rooms, such as those of a framing.
  using TakeOthers = std::function<Result<void>(OptionTaker& taker)>;

  /// Parses `uri`. Options that are not given are as in `defaults`. `take_others` may be null.
  /// Fails with `invalid_argument` if `uri` is not an endpoint, one of its options is for the side
  /// that is not `side`, or no room takes it. Without a `side`, the options of both are taken.
  static Result<Target> parse(std::string_view uri, const SocketOptions& defaults = {},
                              const TakeOthers& take_others = nullptr,
                              std::optional<Side> side = {});

  bool operator==(const Target&) const = default;
};

}  // namespace hotline

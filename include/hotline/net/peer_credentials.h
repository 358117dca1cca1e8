#pragma once

#include <cstdint>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The process at the other end of a UNIX stream, as the kernel recorded it at connect(2), or at
/// listen(2) for the server's side. The process may have ended since, and its id may have been
/// reused: rely on uid and gid, and only display pid. unix(7), SO_PEERCRED.
struct PeerCredentials {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;

  bool operator==(const PeerCredentials&) const = default;
};

}  // namespace hotline

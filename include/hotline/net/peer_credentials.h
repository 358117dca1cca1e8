#pragma once

#include <cstdint>

namespace hotline {

/// Who is at the other end of a UNIX stream, as the kernel knows it: as of connect(2), or listen(2)
/// for the server's. The process may have gone since, and its id be another's: trust uid and gid,
/// show pid. unix(7), SO_PEERCRED.
struct PeerCredentials {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

}  // namespace hotline

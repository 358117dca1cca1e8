#pragma once

#include <sys/types.h>

namespace hotline {

/// Who is at the other end of a UNIX stream, as the kernel knows it: as of connect(2), or listen(2)
/// for the server's. The process may have gone since, and its id be another's: trust uid and gid,
/// show pid. unix(7), SO_PEERCRED.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

}  // namespace hotline

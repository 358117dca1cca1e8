#pragma once

#include <atomic>
#include <cstdint>

#include "hotline/services/ntp_client.h"

namespace hotline::services {

/// Lets a server recognise the requests of its own client.
struct NtpClientAccess {
  /// From now on the client stores the transmit time of each request in `number` before it sends
  /// the request. `number` must outlive the client.
  static void announce_requests(NtpClient& client, std::atomic<std::uint64_t>& number) {
    client.announce_requests(number);
  }
};

}  // namespace hotline::services

#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "services/ntp_timestamp.h"

namespace hotline::services {

/// When the last replies to clients of the interleaved mode (RFC 9769) left this machine. The next
/// request of such a client names a reply by its receive time, and is answered with the time at
/// which that reply was really sent.
///
/// Fixed memory, taken at the first use: of the replies that share a place the oldest is forgotten,
/// and its client gets one basic reply. No I/O. One thread.
class NtpSentTimes {
 public:
  static constexpr std::size_t kReplies = 1 << 16;

  /// Notes that the reply with `receive_time` was sent at `sent_time`.
  void note(NtpTimestamp receive_time, NtpTimestamp sent_time);

  /// Returns the time at which the reply with `receive_time` was sent, if it is known.
  std::optional<NtpTimestamp> find(NtpTimestamp receive_time) const;

  /// Forgets everything: the clock was set.
  void clear();

 private:
  /// The replies whose receive times have the same hash.
  static constexpr std::size_t kWays = 4;

  struct Reply {
    NtpTimestamp receive_time{};
    NtpTimestamp sent_time{};
  };

  static std::size_t first_of(NtpTimestamp receive_time);

  std::vector<Reply> replies_;
};

}  // namespace hotline::services

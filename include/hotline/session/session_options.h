#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/session/session_codes.h"

namespace hotline HOTLINE_PUBLIC {

/// What one end of a session announces to its peer, and what it limits. The peer can make this end
/// keep at most `streams_max` x (`frame_max` + `message_credit` + `flows_max` x `flow_credit`)
/// bytes of its requests, messages and flows, and `growth_max` more. Many short messages take twice
/// the memory that they cost, and flows of which much arrives at once up to four times; 1.2 MiB are
/// kept besides for half a second after that.
struct SessionOptions {
  /// The name of the protocol above; both ends give the same one. 1 to 64 of `a`-`z`, `0`-`9`, `.`,
  /// `-`, `_` and `/`.
  std::string protocol{};

  /// How many types of messages that protocol has: those from kFirstMessageType on. Messages of
  /// other types are skipped, or end the session if they are critical. At most kMessageTypesMax.
  std::size_t message_types = 0;

  std::uint32_t frame_max = 128U << 10;   ///< The longest payload it receives: 1 KiB to 16 MiB.
  std::uint32_t streams_max = 256;        ///< Streams of the peer that are open, at most 65,536.
  std::uint32_t opened_max = 256;         ///< The same for streams that this end opens.
  std::uint8_t flows_max = 3;             ///< Flows of a stream, at most kSessionFlowsMax.
  std::uint32_t flow_credit = 64U << 10;  ///< Credit of each new flow, at most kCreditMax. Session:
                                          ///< not 0 if streams may have flows.
  std::uint32_t message_credit = 256U << 10;  ///< Credit of the messages of each new stream:
                                              ///< frame_max + kMessageCost to kCreditMax.

  /// While a reader is faster than the credit of a flow allows its sender to be, the credit doubles
  /// up to this, but not below flow_credit, and with at most growth_max more for all flows of the
  /// session together. Session only; at most kCreditMax.
  std::uint32_t flow_credit_max = 1U << 20;
  std::uint64_t growth_max = 16U << 20;

  /// The most bytes of one DATA that it sends: other frames can be sent between two of them.
  std::uint32_t data_max = 64U << 10;

  /// Streams are not opened or accepted, and messages not sent, while so many bytes are queued.
  std::size_t unsent_max = 256U << 10;

  Duration hello_timeout = std::chrono::seconds(10);  ///< The peer's HELLO must arrive in it.
  Duration heartbeat = std::chrono::seconds(15);      ///< It sends PING when nothing arrived for so
                                                      ///< long; kNoTimeout: never.
  Duration write_timeout = std::chrono::seconds(30);  ///< Session: the time in which the peer must
                                                      ///< take 256 KiB more.
  Duration silence_max = std::chrono::seconds(45);    ///< The session ends when nothing arrived for
                                                      ///< so long; kNoTimeout: never.

  /// Fails with `invalid_argument` if a member is not within its limits.
  Result<void> check() const;
};

}  // namespace hotline

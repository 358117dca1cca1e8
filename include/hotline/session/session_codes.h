#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hotline/core/public.h"

// What both ends of a session agree on: docs/wire/session.md.

namespace hotline HOTLINE_PUBLIC {

/// Which end of the connection a session is. Both have the same rights.
enum class SessionRole : std::uint8_t {
  client,  ///< The end that connected: its streams have odd ids.
  server,  ///< The end that accepted the connection: its streams have even ids.
};

/// The id of a stream of a session. Never 0.
using SessionStreamId = std::uint32_t;

/// Why a session ends: the code of GOODBYE. Values from kOwnCodesFrom on are those of the protocol
/// above.
enum class SessionCode : std::uint16_t {
  drain,             ///< In order: streams that are open finish, and no others are opened.
  protocol,          ///< A frame was not allowed in the state of the session or the stream.
  malformed,         ///< A field had a wrong size or value.
  too_large,         ///< A payload was over the limit.
  version,           ///< The ends have no version in common.
  other_protocol,    ///< The peer speaks another protocol above the session.
  credit,            ///< The peer sent more than its credit allows, or gave too much credit.
  offset,            ///< An offset or total did not continue its flow.
  streams,           ///< More streams or flows than allowed, or a stream id that is not allowed.
  flood,             ///< A PING came before the answer to the last one had left.
  unknown_critical,  ///< A critical frame of an unknown type.
  unresponsive,      ///< Nothing arrived for too long.
  internal,          ///< The end that says so cannot go on.
};

/// Why one stream ends early: the code of RESET. Values from kOwnCodesFrom on are those of the
/// protocol above.
enum class ResetCode : std::uint16_t {
  not_needed,   ///< The rest of the stream is not needed.
  refused,      ///< Nothing was done for the stream; it may be tried again.
  cancelled,    ///< What the stream was for is cancelled.
  unsupported,  ///< The request is not supported.
  failed,       ///< The end that says so failed.
  limit,        ///< A limit was reached.
};

/// The first code of GOODBYE and RESET that the protocol above may define.
inline constexpr std::uint16_t kOwnCodesFrom = 256;

/// The first type of a message of the protocol above.
inline constexpr std::uint8_t kFirstMessageType = 0x40;

/// How many types of messages the protocol above can have.
inline constexpr std::size_t kMessageTypesMax = 0x100 - kFirstMessageType;

/// The number of a flow that stands for the messages of one end on a stream.
inline constexpr std::uint8_t kMessageFlow = 0xff;

/// The most flows of one stream.
inline constexpr std::uint8_t kSessionFlowsMax = 8;

/// What a message costs of the credit, besides its payload.
inline constexpr std::uint32_t kMessageCost = 32;

/// The most unused credit of a flow.
inline constexpr std::uint32_t kCreditMax = 1U << 30;

/// The longest text of GOODBYE and RESET, and the longest trailer of END.
inline constexpr std::size_t kSessionTextMax = 512;
inline constexpr std::size_t kTrailerMax = 64;

/// Returns the name of a code, such as `other_protocol`; `own` for one of the protocol above, and
/// `unknown` for any other.
std::string_view name_of(SessionCode code);
std::string_view name_of(ResetCode code);

}  // namespace hotline

#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/session/session_codes.h"

// The frames of docs/wire/session.md, and their constants. No I/O.

namespace hotline::session {

inline constexpr std::size_t kHeaderBytes = 12;

inline constexpr std::string_view kMagic = "hotline\n";
inline constexpr std::uint16_t kVersion = 1;  ///< The only one so far.

inline constexpr std::uint32_t kHelloBytesMax = 4'096;
inline constexpr std::uint32_t kFrameMaxLeast = 1'024;
inline constexpr std::uint32_t kFrameMaxMost = 16U << 20;
inline constexpr std::uint32_t kStreamsMaxMost = 65'536;
inline constexpr std::size_t kProtocolNameMax = 64;

/// What DATA has before its bytes: flow and offset.
inline constexpr std::uint32_t kDataPrefixBytes = 9;
inline constexpr std::uint32_t kOpenPrefixBytes = 2;

inline constexpr std::uint8_t kCritical = 0x80;

enum class FrameType : std::uint8_t {
  hello = 1,
  goodbye,
  ping,
  pong,
  open,
  accept,
  data,
  end,
  credit,
  reset,
  message = kFirstMessageType,  ///< And all above it.
};

/// Why the bytes of a peer end the session.
struct SessionFault {
  SessionCode code = SessionCode::protocol;
  std::string_view reason{};  ///< A literal that completes "the peer ...".

  bool operator==(const SessionFault&) const = default;
};

struct FrameHeader {
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  SessionStreamId stream = 0;  ///< 0: the connection.

  bool is_message() const { return type >= kFirstMessageType; }
  bool is(FrameType wanted) const { return type == static_cast<std::uint8_t>(wanted); }

  /// Returns true if the type is one of FrameType.
  bool is_known() const { return is_message() || type <= static_cast<int>(FrameType::reset); }
  bool is_critical() const { return (flags & kCritical) != 0; }

  bool operator==(const FrameHeader&) const = default;
};

/// Returns the header, or why no frame begins like this. The length is checked against `frame_max`
/// and against the limits of the type.
std::expected<FrameHeader, SessionFault> decode_header(std::span<const std::byte, kHeaderBytes> in,
                                                       std::uint32_t frame_max);

/// Appends the header. Its payload comes next.
void append_header(std::string& out, const FrameHeader& header);

/// The payload of HELLO. A view.
struct Hello {
  std::uint16_t version_min = kVersion;
  std::uint16_t version_max = kVersion;
  std::uint32_t frame_max = 0;
  std::uint32_t streams_max = 0;
  std::uint32_t flow_credit = 0;
  std::uint32_t message_credit = 0;
  std::uint8_t flows_max = 0;
  std::string_view protocol{};

  bool operator==(const Hello&) const = default;
};

/// Returns what is wrong with the fields of `hello`, in either direction; nullopt if nothing.
std::optional<SessionFault> fault_in(const Hello& hello);

std::expected<Hello, SessionFault> decode_hello(Bytes payload);
void append_hello(std::string& out, const Hello& hello);

struct Goodbye {
  SessionCode code = SessionCode::drain;
  SessionStreamId last_stream = 0;
  std::string_view text{};

  bool operator==(const Goodbye&) const = default;
};

// The sizes of the payloads below were checked by decode_header(); append_...() appends a whole
// frame, and cuts a text that is too long.

std::expected<Goodbye, SessionFault> decode_goodbye(Bytes payload);
void append_goodbye(std::string& out, const Goodbye& goodbye);

std::uint64_t decode_ping(Bytes payload);
void append_ping(std::string& out, FrameType ping_or_pong, std::uint64_t value);

struct Open {
  std::uint8_t from_opener = 0;
  std::uint8_t from_accepter = 0;
  Bytes request{};
};

Open decode_open(Bytes payload);
void append_open(std::string& out, SessionStreamId stream, const Open& open);

/// Appends ACCEPT or a message: the header and `payload`.
void append_frame(std::string& out, const FrameHeader& header, Bytes payload);

struct DataPrefix {
  std::uint8_t flow = 0;
  std::uint64_t offset = 0;

  bool operator==(const DataPrefix&) const = default;
};

/// Decodes the first kDataPrefixBytes of the payload of DATA.
DataPrefix decode_data_prefix(Bytes prefix);

/// Appends the header and the prefix of DATA; `bytes` bytes come next.
void append_data_prefix(std::string& out, SessionStreamId stream, const DataPrefix& prefix,
                        std::uint32_t bytes);

struct End {
  std::uint8_t flow = 0;
  std::uint64_t total = 0;
  Bytes trailer{};
};

End decode_end(Bytes payload);
void append_end(std::string& out, SessionStreamId stream, const End& end);

struct Credit {
  std::uint8_t flow = 0;
  std::uint32_t bytes = 0;

  bool operator==(const Credit&) const = default;
};

Credit decode_credit(Bytes payload);
void append_credit(std::string& out, SessionStreamId stream, const Credit& credit);

struct Reset {
  ResetCode code = ResetCode::not_needed;
  std::string_view text{};

  bool operator==(const Reset&) const = default;
};

Reset decode_reset(Bytes payload);
void append_reset(std::string& out, SessionStreamId stream, const Reset& reset);

}  // namespace hotline::session

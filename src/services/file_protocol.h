#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/services/file_digest.h"
#include "hotline/services/file_requests.h"
#include "hotline/session/session_codes.h"
#include "hotline/session/session_event.h"
#include "hotline/session/session_options.h"
#include "hotline/session/session_protocol.h"

// The constants of the wire of the service `files`: docs/wire/files.md.

namespace hotline::services {

inline constexpr std::string_view kFilesProtocol = "files/1";

/// The only flow of a stream: of GET from the server, of PUT from the client.
inline constexpr std::uint8_t kContentFlow = 0;

/// What a client asks for: the first byte of a request.
enum class FileRequestKind : std::uint8_t {
  list = 1,
  stat,
  get,
  put,
  file,
  mkdir,
  remove,
  move,
  copy,
  set_meta,
  hashes,
  quota,
  uploads,
  drop,
};

/// Returns the name of a kind as texts show it, such as `MKDIR`; `request` for an unknown one.
std::string_view name_of(FileRequestKind kind);

/// Returns the flows with which a stream for `kind` is opened.
SessionFlows flows_of(FileRequestKind kind);

/// The types of messages. Only `hashes` goes to the server.
enum class FileMessageType : std::uint8_t {
  meta = kFirstMessageType,
  file,
  page,
  kept,
  hashes,
  blocks,
  done,
  error,
  quota,
  uploads,
};

inline constexpr std::size_t kFileMessageTypes = 10;

/// The types of records on the content flow.
enum class ContentRecordType : std::uint8_t { data = 1, hole, blocks, end };

/// The longest payload of a message, and the most bytes of a record other than DATA.
inline constexpr std::size_t kFileMessageMax = 64U << 10;

/// The longest payload of a frame that both ends must receive: a FILE with the longest path fits.
inline constexpr std::uint32_t kFilesFrameMax = 72U << 10;

/// The most bytes of a DATA, and of the zeros of a HOLE.
inline constexpr std::uint32_t kContentDataMax = 256U << 10;
inline constexpr std::uint64_t kContentHoleMax = 1U << 30;

/// The own code of RESET: the other end violates the wire.
inline constexpr auto kFilesMalformed = static_cast<ResetCode>(kOwnCodesFrom);

/// Returns what both ends of a session announce by this wire, for users to adapt. Every message of
/// it is sent as critical.
SessionOptions files_session_options(SessionRole role);

/// Returns a message of the wire: critical, without other flags. A view of `payload`.
SessionMessage file_message(FileMessageType type, std::string_view payload);

/// How the other end has violated the wire, or asked for what this end does not have.
struct FileFault {
  ResetCode code = kFilesMalformed;  ///< Or ResetCode::unsupported.
  std::string text{};                ///< A clause: `GET is cut off`.

  bool operator==(const FileFault&) const = default;
};

}  // namespace hotline::services

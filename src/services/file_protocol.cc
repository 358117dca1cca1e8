#include "services/file_protocol.h"

#include <iterator>

namespace hotline::services {
namespace {

// In the order of the kinds.
constexpr std::string_view kRequestNames[] = {"LIST",   "STAT",   "GET",     "PUT",  "FILE",
                                              "MKDIR",  "REMOVE", "MOVE",    "COPY", "SETMETA",
                                              "HASHES", "QUOTA",  "UPLOADS", "DROP"};
static_assert(std::size(kRequestNames) == static_cast<std::size_t>(FileRequestKind::drop));

}  // namespace

std::string_view name_of(FileRequestKind kind) {
  const auto number = static_cast<std::size_t>(kind);
  if (number == 0 || number > std::size(kRequestNames)) return "request";
  return kRequestNames[number - 1];
}

SessionFlows flows_of(FileRequestKind kind) {
  if (kind == FileRequestKind::get) return {.from_opener = 0, .from_accepter = 1};
  if (kind == FileRequestKind::put) return {.from_opener = 1, .from_accepter = 0};
  return {};
}

SessionOptions files_session_options(SessionRole role) {
  SessionOptions options;
  options.protocol = kFilesProtocol;
  options.message_types = kFileMessageTypes;
  options.frame_max = kFilesFrameMax;
  options.message_credit = 2 * kFilesFrameMax;
  options.flows_max = kContentFlow + 1;
  // Only clients open streams.
  if (role == SessionRole::client) options.streams_max = 0;
  if (role == SessionRole::server) options.opened_max = 0;
  return options;
}

SessionMessage file_message(FileMessageType type, std::string_view payload) {
  return {
      .type = static_cast<std::uint8_t>(type), .is_critical = true, .payload = as_bytes(payload)};
}

}  // namespace hotline::services

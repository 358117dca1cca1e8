#include "services/file_protocol.h"

#include <iterator>

#include "services/client_session.h"

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
  return opened_by_clients(options, role);
}

SessionMessage file_message(FileMessageType type, std::string_view payload) {
  return critical_message(static_cast<std::uint8_t>(type), payload);
}

}  // namespace hotline::services

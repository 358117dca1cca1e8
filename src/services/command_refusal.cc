#include "hotline/services/command_refusal.h"

#include <iterator>

#include "hotline/core/bytes.h"

namespace hotline {
namespace {

/// What the server's text is beside the meaning.
enum class ServerText : bool {
  adds,      ///< Details.
  replaces,  ///< The same with details.
};

struct RefusalRow {
  CommandRefusal refusal;
  std::string_view name;
  ErrorKind kind;
  std::string_view meaning;
  std::string_view advice;
  ServerText text = ServerText::adds;
};

constexpr RefusalRow kRefusalRows[] = {
    {CommandRefusal::not_permitted, "not_permitted", ErrorKind::permission_denied,
     "the server does not permit it", "ask the operator of the server what it accepts",
     ServerText::replaces},
    {CommandRefusal::busy, "busy", ErrorKind::resource_exhausted,
     "the server runs as many commands as it may", "try again when one has ended",
     ServerText::replaces},
    {CommandRefusal::not_found, "not_found", ErrorKind::not_found, "there is no such job",
     "it may have been forgotten after its time: list the jobs", ServerText::replaces},
    {CommandRefusal::could_not_start, "could_not_start", ErrorKind::permission_denied,
     "the server could not start the program", "nothing was run: check the program and directory"},
    {CommandRefusal::attached_elsewhere, "attached_elsewhere", ErrorKind::cancelled,
     "another client has attached to the job", "the job runs on: attach again to take it back"},
    {CommandRefusal::gone, "gone", ErrorKind::not_found,
     "the server does not keep the output from that offset",
     "attach without offsets to get what is kept", ServerText::replaces},
    {CommandRefusal::draining, "draining", ErrorKind::draining, "the server is draining",
     "try again when it has been started again"},
    {CommandRefusal::malformed, "malformed", ErrorKind::protocol_violation,
     "the server takes what was sent for malformed", "use the same version of both programs"},
    {CommandRefusal::key_reused, "key_reused", ErrorKind::invalid_argument,
     "the key belongs to another command", "take a new random key for each command",
     ServerText::replaces},
    {CommandRefusal::not_running, "not_running", ErrorKind::not_found, "the job has ended",
     "attach to it to see how", ServerText::replaces},
    {CommandRefusal::no_such_program, "no_such_program", ErrorKind::not_found,
     "the server has no such program", "nothing was run: check the name and the server's PATH"},
};

/// Returns null for a code that is not in the table.
const RefusalRow* row_of_refusal(ResetCode code) {
  const std::size_t number = static_cast<std::uint16_t>(code);
  if (number < kOwnCodesFrom || number >= kOwnCodesFrom + std::size(kRefusalRows)) return nullptr;
  return &kRefusalRows[number - kOwnCodesFrom];
}

constexpr bool are_refusals_in_order() {
  for (std::size_t i = 0; i < std::size(kRefusalRows); ++i) {
    if (static_cast<std::size_t>(kRefusalRows[i].refusal) != kOwnCodesFrom + i) return false;
  }
  return true;
}
static_assert(are_refusals_in_order());

RefusalRow session_row(ResetCode code) {
  switch (code) {
    case ResetCode::refused:
      return {{},
              {},
              ErrorKind::refused,
              "the server refused it before anything was done",
              "try again"};
    case ResetCode::cancelled: return {{}, {}, ErrorKind::cancelled, "the server cancelled it", {}};
    case ResetCode::unsupported:
      return {{},
              {},
              ErrorKind::unsupported,
              "the server does not support the request",
              "update the server"};
    case ResetCode::limit:
      return {{},
              {},
              ErrorKind::resource_exhausted,
              "the server has reached a limit",
              "try again later"};
    default: return {{}, {}, ErrorKind::reset, "the server failed", "see the log of the server"};
  }
}

}  // namespace

std::optional<CommandRefusal> command_refusal(ResetCode code) {
  const RefusalRow* row = row_of_refusal(code);
  return row == nullptr ? std::nullopt : std::optional(row->refusal);
}

std::string_view name_of(CommandRefusal refusal) {
  const RefusalRow* row = row_of_refusal(reset_code(refusal));
  return row == nullptr ? "unknown" : row->name;
}

Error refusal_error(ResetCode code, std::string_view text, std::string endpoint,
                    std::string_view operation) {
  const RefusalRow* own = row_of_refusal(code);
  const RefusalRow row = own == nullptr ? session_row(code) : *own;
  std::string detail(row.meaning);
  if (!text.empty()) {
    detail = row.text == ServerText::replaces ? "" : detail + ": ";
    detail += escape(as_bytes(text), kSessionTextMax);
  }
  return make_error(row.kind, operation, std::move(endpoint), std::move(detail),
                    std::string(row.advice));
}

std::optional<CommandExit> exit_of_refusal(ResetCode code, std::string_view text) {
  const auto refusal = command_refusal(code);
  const bool is_absent = refusal == CommandRefusal::no_such_program;
  if (!is_absent && refusal != CommandRefusal::could_not_start) return std::nullopt;
  return CommandExit{
      .kind = ExitKind::could_not_start, .value = is_absent ? 127 : 126, .text = std::string(text)};
}

}  // namespace hotline

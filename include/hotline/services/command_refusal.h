#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/error.h"
#include "hotline/core/public.h"
#include "hotline/services/command_exit.h"
#include "hotline/session/session_codes.h"

// Why a server of commands refuses a request: docs/wire/remote.md.

namespace hotline HOTLINE_PUBLIC {

/// The own codes of RESET on the wire `hotline` of the service `command`.
enum class CommandRefusal : std::uint16_t {
  not_permitted = kOwnCodesFrom,  ///< The caller may not do this.
  busy,                ///< A limit of commands or jobs at once is reached. It may be tried again.
  not_found,           ///< The caller has no such job.
  could_not_start,     ///< The system did not start the program. Nothing was run.
  attached_elsewhere,  ///< Another stream was attached to the job, so this one ends. It runs on.
  gone,                ///< The job's output from that offset is not kept.
  draining,            ///< The server ends and starts nothing. It may be tried elsewhere.
  malformed,           ///< The other end sent what the wire does not allow; the text says what.
  key_reused,          ///< The key belongs to another command.
  not_running,         ///< The job has ended, so it can get no signal.
  no_such_program,     ///< As could_not_start, because the program does not exist.
};

/// Returns the code as session functions take it.
constexpr ResetCode reset_code(CommandRefusal refusal) { return static_cast<ResetCode>(refusal); }

/// Returns the refusal of a RESET; nullopt if `code` is not one of these.
std::optional<CommandRefusal> command_refusal(ResetCode code);

/// Returns its name, such as `not_permitted`.
std::string_view name_of(CommandRefusal refusal);

/// Returns what a RESET of the server means for a request that it had not accepted, as an Error
/// that names `endpoint`. `code` may also be one of the session's. `text` is the server's; it is
/// escaped. `operation` is what was requested: see Error::operation.
Error refusal_error(ResetCode code, std::string_view text, std::string endpoint,
                    std::string_view operation = "run a command at");

/// Returns how a command "ended" that the system did not start; nullopt for other codes.
std::optional<CommandExit> exit_of_refusal(ResetCode code, std::string_view text);

}  // namespace hotline

#include "services/launch_refusal.h"

#include "hotline/services/command_refusal.h"

namespace hotline::services {
namespace {

ResetCode code_of(const Error& error) {
  switch (error.kind) {
    // Only of the program itself, not of its directory, a shell would say 127.
    case ErrorKind::not_found:
      return reset_code(error.operation == "start" ? CommandRefusal::no_such_program
                                                   : CommandRefusal::could_not_start);
    case ErrorKind::resource_exhausted: return reset_code(CommandRefusal::busy);
    case ErrorKind::draining: return reset_code(CommandRefusal::draining);
    case ErrorKind::reset:
    case ErrorKind::cancelled:
    case ErrorKind::timed_out: return ResetCode::failed;
    default: return reset_code(CommandRefusal::could_not_start);
  }
}

}  // namespace

LaunchRefusal launch_refusal(const Error& error) { return {code_of(error), error.message()}; }

}  // namespace hotline::services

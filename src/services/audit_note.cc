#include "services/audit_note.h"

#include "hotline/engine/clock.h"

namespace hotline::services {
namespace {

CommandRecord record_of(const RemoteCall& call, const RemoteCommand& command, const JobId& id,
                        const CommandExit& exit) {
  return {.command = command,
          .job = id,
          .caller = call.identity,
          .endpoint = call.endpoint,
          .exit = exit};
}

void add_outputs(CommandRecord& record, const OutputDigest& output, const OutputDigest& error) {
  record.output_bytes = output.size();
  record.output_digest = output.value();
  record.error_bytes = error.size();
  record.error_digest = error.value();
}

}  // namespace

void note_end(const RemoteCall& call, const RemoteCommand& command, const JobId& id,
              const CommandExit& exit, const CommandProcess& process) {
  if (!call.service.options.audit) return;
  CommandRecord record = record_of(call, command, id, exit);
  add_outputs(record, process.digest(OutputStream::standard_output),
              process.digest(OutputStream::standard_error));
  call.service.options.audit(record);
}

void note_end(const RemoteCall& call, const Job& job, const CommandExit& exit) {
  if (!call.service.options.audit) return;
  CommandRecord record = record_of(call, job.facts().command, job.facts().id, exit);
  add_outputs(record, job.digest(OutputStream::standard_output),
              job.digest(OutputStream::standard_error));
  call.service.options.audit(record);
}

void note_refusal(const RemoteCall& call, const RemoteCommand& command, const std::string& text) {
  if (!call.service.options.audit) return;
  const JobId none{};
  call.service.options.audit(
      record_of(call, command, none,
                {.kind = ExitKind::could_not_start, .ended = wall_clock_now(), .text = text}));
}

}  // namespace hotline::services

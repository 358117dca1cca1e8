#include "services/command_answer.h"

#include "services/command_fields.h"

namespace hotline::services {
namespace {

void take_field(FieldReader& reader, CommandAnswer& answer) {
  switch (reader.field()) {
    case CommandField::pid: answer.pid = reader.number<std::uint32_t>(); return;
    case CommandField::started: answer.started = reader.time(); return;
    case CommandField::repeated: answer.is_repeated = reader.flag(); return;
    case CommandField::output_offset: answer.output_offset = reader.number<std::uint64_t>(); return;
    case CommandField::error_offset: answer.error_offset = reader.number<std::uint64_t>(); return;
    case CommandField::input_offset: answer.input_offset = reader.number<std::uint64_t>(); return;
    case CommandField::on_terminal: answer.has_terminal = reader.flag(); return;
    case CommandField::keep: answer.keep = reader.milliseconds(); return;
    default: reader.skip();
  }
}

}  // namespace

std::string encode_answer(const CommandAnswer& answer) {
  std::string bytes;
  FieldWriter writer(bytes);
  writer.put(CommandField::job, Bytes(answer.job.bytes));
  if (answer.pid != 0) writer.put_number(CommandField::pid, answer.pid);
  if (answer.started) writer.put_time(CommandField::started, *answer.started);
  if (answer.is_repeated) writer.put_flag(CommandField::repeated);
  if (answer.output_offset != 0) {
    writer.put_number(CommandField::output_offset, answer.output_offset);
  }
  if (answer.error_offset != 0) {
    writer.put_number(CommandField::error_offset, answer.error_offset);
  }
  if (answer.has_terminal) writer.put_flag(CommandField::on_terminal);
  if (answer.input_offset) writer.put_number(CommandField::input_offset, *answer.input_offset);
  if (answer.keep) writer.put_milliseconds(CommandField::keep, *answer.keep);
  return bytes;
}

std::expected<CommandAnswer, CommandFault> decode_answer(Bytes bytes) {
  CommandAnswer answer;
  bool has_job = false;
  FieldReader reader(bytes);
  while (reader.next()) {
    if (reader.field() != CommandField::job) {
      take_field(reader, answer);
      continue;
    }
    answer.job.bytes = reader.array<JobId::kBytes>();
    has_job = true;
  }
  if (reader.fault()) return std::unexpected(*reader.fault());
  if (has_job) return answer;
  return std::unexpected(CommandFault{.text = "the answer names no job"});
}

}  // namespace hotline::services

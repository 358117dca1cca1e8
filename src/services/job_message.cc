#include "services/job_message.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "services/command_fields.h"
#include "services/exit_message.h"

namespace hotline::services {
namespace {

constexpr std::size_t kExitBytesMin = 5;

// Each puts as much of the program as fits, and returns false if that is not all of it.

bool put_fitting(FieldWriter& writer, const CommandWords& program) {
  std::size_t room = kJobProgramMax;
  for (const std::string& each : program.words) {
    if (room <= kFieldHeaderBytes) return false;
    room -= kFieldHeaderBytes;
    const std::string_view shown = std::string_view(each).substr(0, room);
    writer.put(CommandField::word, shown);
    if (shown.size() < each.size()) return false;
    room -= shown.size();
  }
  return true;
}

bool put_fitting(FieldWriter& writer, const ShellLine& program) {
  constexpr std::size_t kRoom = kJobProgramMax - kFieldHeaderBytes;
  writer.put(CommandField::line, std::string_view(program.line).substr(0, kRoom));
  return program.line.size() <= kRoom;
}

bool put_fitting(FieldWriter& writer, const LoginShell&) {
  writer.put_flag(CommandField::login);
  return true;
}

/// Puts `word`, `line` or `login` into the program, of which there is one kind.
void take_program(FieldReader& reader, std::optional<RemoteProgram>& program) {
  const bool is_word = reader.field() == CommandField::word;
  if (is_word && !program) program = CommandWords{};
  if (is_word && std::holds_alternative<CommandWords>(*program)) {
    std::get<CommandWords>(*program).words.emplace_back(reader.repeated_text(0, kCommandWordMax));
    return;
  }
  if (program) return reader.refuse("is one program too many");
  if (reader.field() == CommandField::line) {
    program = ShellLine{std::string(reader.text(1, kCommandWordMax))};
  } else {
    reader.flag();
    program = LoginShell{};
  }
}

CommandExit read_exit(FieldReader& reader) {
  const auto exit =
      decode_exit(as_bytes(reader.text(kExitBytesMin, std::numeric_limits<std::uint32_t>::max())));
  if (exit) return *exit;
  reader.refuse("is wrong: " + exit.error().text);
  return {};
}

void take_field(FieldReader& reader, JobEntry& entry, std::optional<RemoteProgram>& program) {
  switch (reader.field()) {
    case CommandField::word:
    case CommandField::line:
    case CommandField::login: take_program(reader, program); return;
    case CommandField::cut: entry.is_cut = reader.flag(); return;
    case CommandField::label: entry.label = reader.text(0, kCommandLabelMax); return;
    case CommandField::started: entry.started = reader.time(); return;
    case CommandField::exit: entry.exit = read_exit(reader); return;
    case CommandField::output_bytes: entry.output_bytes = reader.number<std::uint64_t>(); return;
    case CommandField::error_bytes: entry.error_bytes = reader.number<std::uint64_t>(); return;
    case CommandField::kept_until: entry.kept_until = reader.time(); return;
    case CommandField::attached: entry.is_attached = reader.flag(); return;
    default: reader.skip();
  }
}

}  // namespace

std::string encode_job(const JobEntry& entry) {
  std::string bytes;
  FieldWriter writer(bytes);
  writer.put(CommandField::job, Bytes(entry.job.bytes));
  const bool fits =
      std::visit([&](const auto& each) { return put_fitting(writer, each); }, entry.program);
  if (!fits || entry.is_cut) writer.put_flag(CommandField::cut);
  if (!entry.label.empty()) writer.put(CommandField::label, entry.label);
  if (entry.started) writer.put_time(CommandField::started, *entry.started);
  if (entry.exit) writer.put(CommandField::exit, encode_exit(*entry.exit));
  writer.put_number(CommandField::output_bytes, entry.output_bytes);
  writer.put_number(CommandField::error_bytes, entry.error_bytes);
  if (entry.kept_until) writer.put_time(CommandField::kept_until, *entry.kept_until);
  if (entry.is_attached) writer.put_flag(CommandField::attached);
  return bytes;
}

std::expected<JobEntry, CommandFault> decode_job(Bytes payload) {
  JobEntry entry;
  bool has_job = false;
  std::optional<RemoteProgram> program;
  FieldReader reader(payload);
  while (reader.next()) {
    if (reader.field() != CommandField::job) {
      take_field(reader, entry, program);
      continue;
    }
    entry.job.bytes = reader.array<JobId::kBytes>();
    has_job = true;
  }
  if (reader.fault()) return std::unexpected(*reader.fault());
  if (!has_job) return std::unexpected(CommandFault{.text = "the job has no id"});
  if (!program) return std::unexpected(CommandFault{.text = "the job has no program"});
  entry.program = *std::move(program);
  return entry;
}

}  // namespace hotline::services

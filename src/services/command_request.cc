#include "services/command_request.h"

#include <utility>

#include "hotline/services/signal_name.h"
#include "services/command_fields.h"

namespace hotline::services {
namespace {

constexpr std::size_t kTerminalBytesMax = kTerminalSizeBytes + kTerminalNameMax;
constexpr std::size_t kSignalBytesMax = 6;

template <typename... Functions>
struct RequestCases : Functions... {
  using Functions::operator()...;
};

std::unexpected<CommandFault> malformed_request(std::string text) {
  return std::unexpected(CommandFault{reset_code(CommandRefusal::malformed), std::move(text)});
}

void put_terminal(FieldWriter& writer, const RemoteTerminal& terminal) {
  writer.put(CommandField::terminal, encode_terminal_size(terminal.size) + terminal.name);
}

RemoteTerminal read_terminal(FieldReader& reader) {
  const Bytes bytes = as_bytes(reader.text(kTerminalSizeBytes + 1, kTerminalBytesMax));
  if (bytes.empty()) return {};
  return {.size = decode_terminal_size(bytes),
          .name = std::string(as_text(bytes.subspan(kTerminalSizeBytes)))};
}

RemoteVariable read_variable(FieldReader& reader) {
  const std::string_view text = reader.repeated_text(2, kCommandWordMax);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    reader.refuse("has no '='");
    return {};
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

OutputExcess read_excess(FieldReader& reader) {
  const auto number = reader.number<std::uint8_t>();
  if (number > static_cast<std::uint8_t>(OutputExcess::truncate)) reader.refuse("is unknown");
  return static_cast<OutputExcess>(number);
}

/// Reads a time that is at least 1 ms.
Duration read_limit(FieldReader& reader) {
  const Duration time = reader.milliseconds();
  if (time == Duration::zero()) reader.refuse("is 0");
  return time;
}

CommandInput read_input(FieldReader& reader) {
  reader.flag();
  return CommandInput::stream;
}

int read_signal(FieldReader& reader) {
  const std::string_view name = reader.text(2, kSignalBytesMax);
  const auto number = signal_on_wire(name);
  if (!number) reader.refuse("names no signal");
  return number.value_or(0);
}

void put_program(FieldWriter& writer, const RemoteProgram& program) {
  if (const auto* vector = std::get_if<CommandWords>(&program)) {
    for (const std::string& each : vector->words) writer.put(CommandField::word, each);
  }
  if (const auto* shell = std::get_if<ShellLine>(&program)) {
    writer.put(CommandField::line, shell->line);
  }
}

void put_limits(FieldWriter& writer, const RemoteCommand& command) {
  if (command.timeout != kNoTimeout) {
    writer.put_milliseconds(CommandField::timeout, command.timeout);
  }
  if (command.output_max) writer.put_number(CommandField::output_max, *command.output_max);
  if (command.on_excess != OutputExcess::kill) {
    writer.put_number(CommandField::on_excess, static_cast<std::uint8_t>(command.on_excess));
  }
  if (command.keep) writer.put_milliseconds(CommandField::keep, *command.keep);
}

void put_fields(FieldWriter& writer, const RemoteCommand& command) {
  put_program(writer, command.program);
  if (!command.directory.empty()) writer.put(CommandField::directory, command.directory);
  for (const RemoteVariable& each : command.environment) {
    writer.put(CommandField::environment, each.name + "=" + each.value);
  }
  put_limits(writer, command);
  if (command.terminal) put_terminal(writer, *command.terminal);
  if (command.input == CommandInput::stream) writer.put_flag(CommandField::input);
  if (command.is_detached) writer.put_flag(CommandField::detached);
  if (command.key) writer.put(CommandField::key, Bytes(*command.key));
  if (!command.label.empty()) writer.put(CommandField::label, command.label);
}

void put_fields(FieldWriter& writer, const AttachRequest& attach) {
  writer.put(CommandField::job, Bytes(attach.job.bytes));
  if (attach.output_offset) writer.put_number(CommandField::output_offset, *attach.output_offset);
  if (attach.error_offset) writer.put_number(CommandField::error_offset, *attach.error_offset);
  if (attach.input == CommandInput::stream) writer.put_flag(CommandField::input);
}

void put_fields(FieldWriter&, const ListRequest&) {}

void put_fields(FieldWriter& writer, const SignalRequest& request) {
  writer.put(CommandField::job, Bytes(request.job.bytes));
  writer.put(CommandField::signal, signal_name(request.signal));
}

void put_fields(FieldWriter& writer, const ForgetRequest& request) {
  writer.put(CommandField::job, Bytes(request.job.bytes));
}

/// Takes the current field if it says what is run. Returns false if it does not.
bool take_program(FieldReader& reader, RemoteProgram& program) {
  auto* vector = std::get_if<CommandWords>(&program);
  if (vector != nullptr && reader.field() == CommandField::word) {
    vector->words.emplace_back(reader.repeated_text(0, kCommandWordMax));
    return true;
  }
  auto* shell = std::get_if<ShellLine>(&program);
  if (shell == nullptr || reader.field() != CommandField::line) return false;
  shell->line = reader.text(1, kCommandWordMax);
  return true;
}

void take_field(FieldReader& reader, RemoteCommand& command) {
  switch (reader.field()) {
    case CommandField::directory: command.directory = reader.text(1, kCommandDirectoryMax); return;
    case CommandField::environment: command.environment.push_back(read_variable(reader)); return;
    case CommandField::timeout: command.timeout = read_limit(reader); return;
    case CommandField::output_max: command.output_max = reader.number<std::uint64_t>(); return;
    case CommandField::on_excess: command.on_excess = read_excess(reader); return;
    case CommandField::terminal: command.terminal = read_terminal(reader); return;
    case CommandField::input: command.input = read_input(reader); return;
    case CommandField::keep: command.keep = read_limit(reader); return;
    case CommandField::detached: command.is_detached = reader.flag(); return;
    case CommandField::key: command.key = reader.array<sizeof(RunKey)>(); return;
    case CommandField::label: command.label = reader.text(0, kCommandLabelMax); return;
    default: break;
  }
  if (!take_program(reader, command.program)) reader.skip();
}

CommandFault fault_of(const Error& error) {
  const bool is_forbidden = error.kind == ErrorKind::permission_denied;
  return {reset_code(is_forbidden ? CommandRefusal::not_permitted : CommandRefusal::malformed),
          error.detail};
}

std::expected<CommandRequest, CommandFault> decode_command(FieldReader& reader,
                                                           RemoteProgram program) {
  RemoteCommand command{.program = std::move(program)};
  while (reader.next()) take_field(reader, command);
  if (reader.fault()) return std::unexpected(*reader.fault());
  if (auto checked = command.check(); !checked) return std::unexpected(fault_of(checked.error()));
  return command;
}

/// What SIGNAL and FORGET have.
struct JobFields {
  std::optional<JobId> job{};
  std::optional<int> signal{};
};

/// Fails with the fault of the reader, and if there is no job.
std::expected<JobFields, CommandFault> decode_job_fields(FieldReader& reader, RequestKind kind) {
  JobFields fields;
  while (reader.next()) {
    if (reader.field() == CommandField::job) {
      fields.job = JobId{reader.array<JobId::kBytes>()};
    } else if (reader.field() == CommandField::signal && kind == RequestKind::signal) {
      fields.signal = read_signal(reader);
    } else {
      reader.skip();
    }
  }
  if (reader.fault()) return std::unexpected(*reader.fault());
  if (!fields.job) return malformed_request("the request names no job");
  return fields;
}

std::expected<CommandRequest, CommandFault> decode_attach(FieldReader& reader) {
  AttachRequest attach;
  std::optional<JobId> job;
  while (reader.next()) {
    switch (reader.field()) {
      case CommandField::job: job = JobId{reader.array<JobId::kBytes>()}; break;
      case CommandField::output_offset:
        attach.output_offset = reader.number<std::uint64_t>();
        break;
      case CommandField::error_offset: attach.error_offset = reader.number<std::uint64_t>(); break;
      case CommandField::input: attach.input = read_input(reader); break;
      default: reader.skip();
    }
  }
  if (reader.fault()) return std::unexpected(*reader.fault());
  if (!job) return malformed_request("the request names no job");
  if (attach.output_offset.has_value() != attach.error_offset.has_value()) {
    return malformed_request("the request has only one of two offsets");
  }
  attach.job = *job;
  return attach;
}

std::expected<CommandRequest, CommandFault> decode_list(FieldReader& reader) {
  while (reader.next()) reader.skip();
  if (reader.fault()) return std::unexpected(*reader.fault());
  return ListRequest{};
}

std::expected<CommandRequest, CommandFault> decode_signal(FieldReader& reader) {
  const auto fields = decode_job_fields(reader, RequestKind::signal);
  if (!fields) return std::unexpected(fields.error());
  if (!fields->signal) return malformed_request("the request names no signal");
  return SignalRequest{*fields->job, *fields->signal};
}

std::expected<CommandRequest, CommandFault> decode_forget(FieldReader& reader) {
  const auto fields = decode_job_fields(reader, RequestKind::forget);
  if (!fields) return std::unexpected(fields.error());
  return ForgetRequest{*fields->job};
}

std::expected<CommandRequest, CommandFault> decode_fields(RequestKind kind, FieldReader reader) {
  switch (kind) {
    case RequestKind::run: return decode_command(reader, CommandWords{});
    case RequestKind::shell: return decode_command(reader, ShellLine{});
    case RequestKind::login: return decode_command(reader, LoginShell{});
    case RequestKind::attach: return decode_attach(reader);
    case RequestKind::list: return decode_list(reader);
    case RequestKind::signal: return decode_signal(reader);
    case RequestKind::forget: return decode_forget(reader);
  }
  return std::unexpected(CommandFault{ResetCode::unsupported, "the kind of request is unknown"});
}

RequestKind kind_of_program(const RemoteProgram& program) {
  // The kinds of programs are the first kinds of requests, in the same order.
  return static_cast<RequestKind>(program.index() + 1);
}
static_assert(static_cast<int>(RequestKind::run) == 1 &&
              static_cast<int>(RequestKind::login) == std::variant_size_v<RemoteProgram>);

}  // namespace

RequestKind kind_of(const CommandRequest& request) {
  return std::visit(
      RequestCases{
          [](const RemoteCommand& command) { return kind_of_program(command.program); },
          [](const AttachRequest&) { return RequestKind::attach; },
          [](const ListRequest&) { return RequestKind::list; },
          [](const SignalRequest&) { return RequestKind::signal; },
          [](const ForgetRequest&) { return RequestKind::forget; },
      },
      request);
}

std::string encode_request(const CommandRequest& request) {
  std::string bytes(1, static_cast<char>(kind_of(request)));
  FieldWriter writer(bytes);
  std::visit([&](const auto& each) { put_fields(writer, each); }, request);
  return bytes;
}

std::expected<CommandRequest, CommandFault> decode_request(Bytes bytes, SessionFlows flows) {
  if (bytes.empty()) return malformed_request("the request is empty");
  const auto kind = static_cast<RequestKind>(bytes[0]);
  auto request = decode_fields(kind, FieldReader(bytes.subspan(1)));
  if (request && flows != flows_of(kind)) {
    return malformed_request("the stream has a wrong number of flows");
  }
  return request;
}

}  // namespace hotline::services

#include "services/exit_message.h"

#include <bit>

#include "hotline/core/byte_order.h"
#include "services/command_fields.h"

namespace hotline::services {
namespace {

constexpr std::size_t kExitFixedBytes = 5;
constexpr std::uint32_t kExitStatusMax = 255;
constexpr std::uint32_t kExitSignalMax = 127;

/// What a message has of CommandUsage: all of it, or nothing.
struct UsageFields {
  std::optional<Duration> user{};
  std::optional<Duration> system{};
  std::optional<std::uint64_t> memory{};
};

std::unexpected<CommandFault> malformed_exit(std::string_view text) {
  return std::unexpected(CommandFault{.text = std::string(text)});
}

bool is_exit_value(ExitKind kind, std::uint32_t value) {
  if (kind == ExitKind::code) return value <= kExitStatusMax;
  if (kind == ExitKind::signal) return value >= 1 && value <= kExitSignalMax;
  return value == 0;
}

void put_usage(FieldWriter& writer, const CommandUsage& usage) {
  writer.put_microseconds(CommandField::user, usage.user);
  writer.put_microseconds(CommandField::system, usage.system);
  writer.put_number(CommandField::memory, usage.memory_bytes);
}

void take_field(FieldReader& reader, CommandExit& exit, UsageFields& usage) {
  switch (reader.field()) {
    case CommandField::user: usage.user = reader.microseconds(); return;
    case CommandField::system: usage.system = reader.microseconds(); return;
    case CommandField::memory: usage.memory = reader.number<std::uint64_t>(); return;
    case CommandField::started: exit.started = reader.time(); return;
    case CommandField::ended: exit.ended = reader.time(); return;
    case CommandField::duration: exit.duration = reader.microseconds(); return;
    case CommandField::held: exit.is_held = reader.flag(); return;
    case CommandField::truncated: exit.is_truncated = reader.flag(); return;
    case CommandField::core: exit.has_dumped_core = reader.flag(); return;
    case CommandField::text: exit.text = reader.text(0, kExitTextMax); return;
    default: reader.skip();
  }
}

std::expected<CommandExit, CommandFault> decode_exit_fields(FieldReader reader, CommandExit exit) {
  UsageFields usage;
  while (reader.next()) take_field(reader, exit, usage);
  if (reader.fault()) return std::unexpected(*reader.fault());
  if (usage.user && usage.system && usage.memory) {
    exit.usage = CommandUsage{*usage.user, *usage.system, *usage.memory};
  } else if (usage.user || usage.system || usage.memory) {
    return malformed_exit("the exit has a part of the usage only");
  }
  if (exit.has_dumped_core && exit.kind != ExitKind::signal) {
    return malformed_exit("the exit has a core without a signal");
  }
  return exit;
}

}  // namespace

std::string encode_exit(const CommandExit& exit) {
  std::string bytes(1, static_cast<char>(exit.kind));
  std::array<std::byte, sizeof(std::uint32_t)> value;
  store_number<std::endian::big>(static_cast<std::uint32_t>(exit.value), value.data());
  bytes += as_text(value);
  FieldWriter writer(bytes);
  if (exit.usage) put_usage(writer, *exit.usage);
  if (exit.started) writer.put_time(CommandField::started, *exit.started);
  if (exit.ended) writer.put_time(CommandField::ended, *exit.ended);
  if (exit.duration) writer.put_microseconds(CommandField::duration, *exit.duration);
  if (exit.is_held) writer.put_flag(CommandField::held);
  if (exit.is_truncated) writer.put_flag(CommandField::truncated);
  if (exit.has_dumped_core) writer.put_flag(CommandField::core);
  if (!exit.text.empty()) {
    writer.put(CommandField::text, std::string_view(exit.text).substr(0, kExitTextMax));
  }
  return bytes;
}

std::expected<CommandExit, CommandFault> decode_exit(Bytes payload) {
  if (payload.size() < kExitFixedBytes) return malformed_exit("the exit is cut off");
  const auto kind = static_cast<ExitKind>(payload[0]);
  if (kind >= ExitKind::could_not_start) return malformed_exit("the exit has an unknown kind");
  const auto value = load_number<std::endian::big, std::uint32_t>(payload.data() + 1);
  if (!is_exit_value(kind, value)) return malformed_exit("the exit has a wrong value");
  return decode_exit_fields(FieldReader(payload.subspan(kExitFixedBytes)),
                            {.kind = kind, .value = static_cast<int>(value)});
}

}  // namespace hotline::services

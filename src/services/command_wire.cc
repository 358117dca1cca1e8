#include "services/command_wire.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "hotline/core/bytes.h"
#include "hotline/core/rows.h"

namespace hotline::services {
namespace {

/// A wire of the course is a framing of the replies.
struct WireRow {
  CommandWire wire;
  Choice choice;
  Framing::Kind framing;
};

constexpr WireRow kRows[] = {
    {CommandWire::hotline,
     {.name = "hotline",
      .form = "hotline",
      .summary = "both outputs, the exit status, and proof that nothing is missing (the default)"},
     Framing::Kind::raw},
    {CommandWire::plain,
     {.name = "plain",
      .form = "plain",
      .summary = "nothing marks the end of a reply: it ends with the call, or after a silence"},
     Framing::Kind::raw},
    {CommandWire::ready,
     {.name = "ready",
      .form = "ready",
      .summary = "a decimal length; the caller answers 'ready'; then the reply"},
     Framing::Kind::ready},
    {CommandWire::i32,
     {.name = "i32",
      .form = "i32",
      .summary = "a signed length of 4 bytes, least significant first; then the reply"},
     Framing::Kind::i32le},
};

static_assert(is_in_order(kRows, &WireRow::wire),
              "row_of finds a row by the number of its enumerator");

constexpr auto kChoices = choices_of(kRows);

const WireRow& row_of(CommandWire wire) {
  const auto index = static_cast<std::size_t>(wire);
  assert(index < std::size(kRows) && "a CommandWire is one of the enumerators");
  return kRows[index];
}

}  // namespace

bool has_silently_died(const Completed& completed) {
  return completed.end.signal != 0 && completed.output.empty() && completed.error.empty();
}

std::string_view reply_of(const Completed& completed) {
  if (!completed.error.empty()) return completed.error;
  if (!completed.output.empty()) return completed.output;
  return kDoneReply;
}

Framing framing_of(CommandWire wire, std::size_t reply_max) {
  assert(wire != CommandWire::hotline && "only the wires of the course have a framing");
  return {.kind = row_of(wire).framing, .frame_max = std::min(reply_max, kReplyMax)};
}

}  // namespace hotline::services

namespace hotline {

std::string_view name_of(CommandWire wire) { return services::row_of(wire).choice.name; }

std::span<const Choice> command_wire_names() { return services::kChoices; }

Result<CommandWire> parse_command_wire(std::string_view name) {
  if (const auto* row = find_row(services::kRows, name)) return row->wire;
  return fail(unknown_choice("wire", name, command_wire_names()));
}

}  // namespace hotline

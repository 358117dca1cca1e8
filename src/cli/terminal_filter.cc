#include "cli/terminal_filter.h"

#include <cstdio>
#include <utility>

namespace hotline::cli {
namespace {

// The control characters that begin sequences. Those of C1 are one character each.
constexpr std::uint32_t kBell = 0x07;
constexpr std::uint32_t kCancel = 0x18;
constexpr std::uint32_t kSubstitute = 0x1a;
constexpr std::uint32_t kEscape = 0x1b;
constexpr std::uint32_t kStartString = 0x98;
constexpr std::uint32_t kDeviceString = 0x90;
constexpr std::uint32_t kSequence = 0x9b;
constexpr std::uint32_t kStringEnd = 0x9c;
constexpr std::uint32_t kSystemCommand = 0x9d;
constexpr std::uint32_t kApplicationCommand = 0x9f;

/// A sequence that sets colours is much shorter.
constexpr std::size_t kParametersMax = 64;

bool begins_string(std::uint32_t code) {
  return code == kDeviceString || code == kStartString ||
         (code >= kSystemCommand && code <= kApplicationCommand);
}

bool is_within(std::uint32_t code, std::uint32_t first, std::uint32_t last) {
  return code >= first && code <= last;
}

}  // namespace

std::string TerminalFilter::show(Bytes piece) {
  const std::string joined = std::exchange(kept_, {}).append(as_text(piece));
  std::string shown;
  shown.reserve(joined.size());
  for (std::string_view rest = joined; !rest.empty();) {
    const TextCharacter next = TextCharacter::first_of(rest);
    if (next.kind == TextCharacter::Kind::cut) {
      kept_ = rest;
      break;
    }
    take(next, rest.substr(0, next.size), shown);
    rest.remove_prefix(next.size);
  }
  return shown;
}

std::string TerminalFilter::finish() {
  std::string shown;
  if (state_ == State::text) {
    for (const char byte : kept_) take({}, std::string_view(&byte, 1), shown);
  }
  kept_.clear();
  if (std::exchange(is_coloured_, false)) shown += "\x1b[0m";
  return shown;
}

void TerminalFilter::take(const TextCharacter& character, std::string_view bytes,
                          std::string& shown) {
  if (character.kind == TextCharacter::Kind::invalid) {
    if (state_ == State::string) return;
    state_ = State::text;
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(bytes.front()));
    shown += escaped;
    return;
  }
  const std::uint32_t code = character.code;
  if (begin_control(code)) return;
  // No sequence goes on in the next line: otherwise a beginning of one could hide everything else.
  if (code == '\n') state_ = State::text;
  switch (state_) {
    case State::text:
      if (!character.is_control()) shown += bytes;
      return;
    case State::escape: state_ = after_escape(code); return;
    case State::intermediate:
      if (!is_within(code, 0x20, 0x2f)) state_ = State::text;
      return;
    case State::sequence: return take_sequence(code, shown);
    case State::string: return;
  }
}

/// Returns true if the character ends or begins a sequence whatever precedes it.
bool TerminalFilter::begin_control(std::uint32_t code) {
  if (code == kEscape) {
    state_ = State::escape;
  } else if (code == kSequence) {
    state_ = after_escape('[');
  } else if (begins_string(code)) {
    state_ = State::string;
  } else if (code == kCancel || code == kSubstitute || code == kStringEnd ||
             (code == kBell && state_ == State::string)) {
    state_ = State::text;
  } else {
    return false;
  }
  return true;
}

TerminalFilter::State TerminalFilter::after_escape(std::uint32_t code) {
  if (code == '[') {
    parameters_.clear();
    may_be_colour_ = colours_ == FilteredColours::kept;
    return State::sequence;
  }
  if (code == 'P' || code == 'X' || is_within(code, ']', '_')) return State::string;
  return is_within(code, 0x20, 0x2f) ? State::intermediate : State::text;
}

void TerminalFilter::take_sequence(std::uint32_t code, std::string& shown) {
  const bool is_parameter = is_within(code, '0', ';');
  if (is_parameter && parameters_.size() < kParametersMax) {
    parameters_ += static_cast<char>(code);
    return;
  }
  if (is_within(code, 0x20, 0x3f)) {
    may_be_colour_ = false;
    return;
  }
  state_ = State::text;
  if (code != 'm' || !may_be_colour_) return;
  shown.append("\x1b[").append(parameters_).append("m");
  is_coloured_ = !parameters_.empty() && parameters_ != "0";
}

}  // namespace hotline::cli

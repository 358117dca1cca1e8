#include "cli/terminal_text.h"

#include <cstdio>
#include <utility>

#include "cli/text_character.h"

namespace hotline::cli {
namespace {

void append_escaped(std::string& shown, std::string_view bytes) {
  for (const char byte : bytes) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(byte));
    shown += escaped;
  }
}

}  // namespace

std::string TerminalText::show(Bytes piece) {
  const std::string joined = std::exchange(kept_, {}).append(as_text(piece));
  std::string shown;
  for (std::string_view rest = joined; !rest.empty();) {
    const TextCharacter next = TextCharacter::first_of(rest);
    if (next.kind == TextCharacter::Kind::cut) {
      kept_ = rest;
      break;
    }
    const bool is_shown = next.kind == TextCharacter::Kind::whole && !next.is_control();
    if (is_shown) {
      shown.append(rest.substr(0, next.size));
    } else {
      append_escaped(shown, rest.substr(0, next.size));
    }
    rest.remove_prefix(next.size);
  }
  return shown;
}

std::string TerminalText::finish() {
  std::string shown;
  append_escaped(shown, std::exchange(kept_, {}));
  return shown;
}

}  // namespace hotline::cli

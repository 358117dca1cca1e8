#include "cli/escape_keys.h"

namespace hotline::cli {
namespace {

constexpr char kTilde = '~';
constexpr char kControlZ = '\x1a';

EscapeKeys::Escape escape_of(char key) {
  switch (key) {
    case '.': return EscapeKeys::Escape::leave;
    case kControlZ: return EscapeKeys::Escape::stop;
    case '?': return EscapeKeys::Escape::help;
    default: return EscapeKeys::Escape::none;
  }
}

}  // namespace

EscapeKeys::Taken EscapeKeys::take(Bytes typed) {
  Taken taken;
  for (const char key : as_text(typed)) {
    ++taken.size;
    if (at_ == At::line_begin && key == kTilde) {
      at_ = At::tilde;
      continue;
    }
    if (at_ == At::tilde) {
      taken.escape = escape_of(key);
      if (taken.escape != Escape::none) {
        at_ = At::line_begin;
        return taken;
      }
      if (key != kTilde) taken.keys += kTilde;
    }
    taken.keys += key;
    at_ = key == '\r' || key == '\n' ? At::line_begin : At::within_line;
  }
  return taken;
}

}  // namespace hotline::cli

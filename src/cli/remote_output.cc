#include "cli/remote_output.h"

#include <cerrno>

#include "cli/standard_input.h"

namespace hotline::cli {

RemoteOutput::RemoteOutput(Controls controls, FilteredColours colours)
    : output_{controls == Controls::escaped && is_output_terminal(), TerminalFilter(colours)},
      error_{controls == Controls::escaped && is_error_terminal(), TerminalFilter(colours)} {}

bool RemoteOutput::write(StandardStream to, Bytes piece) {
  Output& used = output(to);
  return used.is_filtered ? put(to, used.filter.show(piece)) : put(to, as_text(piece));
}

bool RemoteOutput::write_at_once(StandardStream to, Bytes& piece) {
  if (failure_ != 0) return false;
  if (output(to).is_filtered) return true;
  const int written = write_standard_at_once(to, as_text(piece));
  if (written == -EAGAIN || written == -EINTR) return true;
  if (written >= 0) {
    piece = piece.subspan(static_cast<std::size_t>(written));
  } else {
    failure_ = -written;
    failed_ = to;
  }
  return failure_ == 0;
}

bool RemoteOutput::finish() {
  for (const auto to : {StandardStream::output, StandardStream::error}) {
    if (output(to).is_filtered) put(to, output(to).filter.finish());
  }
  return failure_ == 0;
}

bool RemoteOutput::put(StandardStream to, std::string_view text) {
  if (failure_ != 0) return false;
  failure_ = write_standard(to, text);
  failed_ = to;
  return failure_ == 0;
}

}  // namespace hotline::cli

#include "cli/shown_output.h"

#include <utility>

#include "cli/standard_input.h"

namespace hotline::cli {

ShownOutput::ShownOutput(const std::string& host, StandardStream to, SharedOutput& shared,
                         Controls controls, FilteredColours colours)
    : shared_(shared), to_(to), lines_(host) {
  const bool is_terminal =
      to == StandardStream::output ? is_output_terminal() : is_error_terminal();
  if (is_terminal && controls != Controls::raw) filter_.emplace(colours);
}

Result<void> ShownOutput::take(Bytes piece) {
  if (!filter_) return write(lines_.take(piece));
  return write(lines_.take(as_bytes(filter_->show(piece))));
}

Result<void> ShownOutput::finish(OutputEnd) {
  std::string last;
  if (filter_) last = lines_.take(as_bytes(filter_->finish()));
  return write(last + lines_.finish());
}

Result<void> ShownOutput::write(std::string lines) {
  if (shared_.write(to_, std::move(lines))) return {};
  return fail(make_error(ErrorKind::cancelled, "print the output of the command", {}, {}));
}

}  // namespace hotline::cli

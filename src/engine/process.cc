#include "hotline/engine/process.h"

#include <csignal>

namespace hotline {

void Process::close_output(OutputStream) {}

Result<std::size_t> Process::write_some(Bytes) {
  return fail(make_error(ErrorKind::closed, "write to a program", {}, "it has no input"));
}

void Process::close_input() {}

Result<void> Process::resize(std::uint16_t, std::uint16_t) {
  return fail(make_error(ErrorKind::unsupported, "resize a terminal", {}, "the program has none"));
}

Result<void> Process::send_signal(int) {
  return fail(make_error(ErrorKind::unsupported, "signal a program", {},
                         "this kind of process cannot be signalled"));
}

Result<void> Process::terminate() { return send_signal(SIGTERM); }

}  // namespace hotline

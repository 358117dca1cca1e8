#include "hotline/engine/pipe.h"

#include <unistd.h>

#include <utility>

#include "core/check.h"
#include "engine/engine.h"
#include "engine/operations/read_write.h"
#include "engine/operations/wait_ready.h"
#include "engine/signal_actions.h"

namespace hotline {
namespace {

using engine::Channel;
using engine::Engine;

constexpr std::string_view kRead = "read from a pipe";
constexpr std::string_view kWrite = "write to a pipe";

}  // namespace

struct PipeReader::State {
  Channel channel;
};

PipeReader::PipeReader(UniqueFd fd) : state_(new State{Channel(std::move(fd))}) {}
PipeReader::PipeReader(PipeReader&&) noexcept = default;
PipeReader& PipeReader::operator=(PipeReader&&) noexcept = default;
PipeReader::~PipeReader() = default;

Result<PipeReader> PipeReader::standard_input() {
  const int fd = Engine::current().duplicate(STDIN_FILENO);
  if (fd < 0) return fail(engine::operation_error(fd, "read standard input"));
  return PipeReader(UniqueFd(fd));
}

Result<std::size_t> PipeReader::read_some(MutableBytes into, Deadline deadline, OnDrain on_drain) {
  check_use(state_ != nullptr, "a PipeReader that was moved from is used");
  check_use(!into.empty(), "a pipe is read into no bytes: that would look like its end");
  engine::Read read(state_->channel, into, on_drain);
  const int result = Engine::current().perform(read, deadline);
  if (result == 0) return fail(make_error(ErrorKind::closed, kRead, {}, "it has ended"));
  if (result < 0) return fail(engine::operation_error(result, kRead));
  return static_cast<std::size_t>(result);
}

Result<void> PipeReader::wait(Deadline deadline, OnDrain on_drain) {
  return engine::wait_ready(state_->channel, engine::Direction::read, deadline, kRead, on_drain);
}

struct PipeWriter::State {
  Channel channel;
};

PipeWriter::PipeWriter(UniqueFd fd) : state_(new State{Channel(std::move(fd))}) {
  engine::ignore_failed_writes();
}
PipeWriter::PipeWriter(PipeWriter&&) noexcept = default;
PipeWriter& PipeWriter::operator=(PipeWriter&&) noexcept = default;
PipeWriter::~PipeWriter() = default;

Result<std::size_t> PipeWriter::write_some(Bytes bytes, Deadline deadline) {
  check_use(state_ != nullptr, "a PipeWriter that was moved from is used");
  check_use(!bytes.empty(), "no bytes are written to a pipe: write one at least");
  engine::Write write(state_->channel, bytes);
  const int result = Engine::current().perform(write, deadline);
  if (result < 0) return fail(engine::operation_error(result, kWrite));
  return static_cast<std::size_t>(result);
}

Result<void> PipeWriter::write_all(Bytes bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto written = write_some(bytes, deadline);
    if (!written) return fail(written.error());
    bytes = bytes.subspan(*written);
  }
  return {};
}

}  // namespace hotline

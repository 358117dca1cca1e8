#include "services/job_input.h"

#include <utility>

namespace hotline::services {
namespace {

Error closed_error() {
  return make_error(ErrorKind::closed, "write to a job", {}, "it takes no input from this client");
}

}  // namespace

JobInput::Writer JobInput::attach() {
  const std::lock_guard lock(mutex_);
  // An earlier writer that waits for room is to fail.
  has_room_.set();
  Writer writer{.number = ++writer_number_};
  if (!has_ended_ && !is_closed_) writer.before = taken_;
  return writer;
}

Result<void> JobInput::write(const Writer& writer, Bytes bytes, const OutputDigest& so_far) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (is_closed_ || has_ended_ || writer.number != writer_number_) {
        // The wake-up may have been for another writer.
        has_room_.set();
        return fail(closed_error());
      }
      if (waiting_.size() < kWaitingMax) {
        waiting_ += as_text(bytes);
        taken_ = so_far;
        has_grown_.set();
        return {};
      }
    }
    if (auto waited = has_room_.wait(); !waited) return waited;
  }
}

void JobInput::end(const Writer& writer) {
  const std::lock_guard lock(mutex_);
  if (writer.number != writer_number_) return;
  has_ended_ = true;
  has_grown_.set();
}

Result<std::string> JobInput::take() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (is_closed_) return fail(closed_error());
      if (!waiting_.empty() || has_ended_) {
        has_room_.set();
        return std::exchange(waiting_, {});
      }
    }
    if (auto waited = has_grown_.wait(); !waited) return fail(std::move(waited.error()));
  }
}

void JobInput::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  has_room_.set();
  has_grown_.set();
}

}  // namespace hotline::services

#include "hotline/engine/queue.h"

#include "core/check.h"

namespace hotline {
namespace {

constexpr std::string_view kPush = "push to a queue";
constexpr std::string_view kPop = "pop from a queue";

Result<void> naming(Result<void> result, std::string_view operation) {
  if (!result) result.error().operation = operation;
  return result;
}

}  // namespace

QueueBase::QueueBase(std::size_t capacity) : room_(capacity), capacity_(capacity) {
  check_use(capacity > 0, "a Queue has no room for a value: give it a capacity of 1 at least");
}

void QueueBase::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  room_.close();
  values_.close();
}

bool QueueBase::is_closed() const {
  const std::lock_guard lock(mutex_);
  return is_closed_;
}

std::size_t QueueBase::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

Result<void> QueueBase::wait_for_room(Deadline deadline) {
  return naming(room_.acquire(deadline), kPush);
}

Result<void> QueueBase::wait_for_value(Deadline deadline) {
  return naming(values_.acquire(deadline, OnDrain::ends), kPop);
}

std::size_t QueueBase::place_to_fill() { return (first_ + size_++) % capacity_; }

std::size_t QueueBase::place_to_empty() {
  const std::size_t place = first_;
  first_ = (first_ + 1) % capacity_;
  --size_;
  return place;
}

Error QueueBase::closed_error() {
  return make_error(ErrorKind::closed, kPush, {}, "it has been closed");
}

}  // namespace hotline

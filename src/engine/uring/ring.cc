#include "engine/uring/ring.h"

#include <cerrno>
#include <system_error>

#include "engine/above_standard.h"

namespace hotline::engine {
namespace {

constexpr unsigned kSubmissionEntries = 256;

// Measured on a core with 1 MiB of L2. A limit of 64 KiB submits too often, and with this one the
// data stays in the cache.
constexpr std::size_t kEagerSendBytes = 256 * 1024;

__kernel_timespec timespec_until(Instant now, Deadline until) {
  const auto left = until.instant() - now;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

int move_above_standard(io_uring& ring) {
  ring.ring_fd = above_standard(ring.ring_fd);
  const int error = errno;
  ring.enter_ring_fd = ring.ring_fd;
  if (ring.ring_fd >= 0) return 0;
  io_uring_queue_exit(&ring);
  return -error;
}

}  // namespace

int make_ring(io_uring& ring, RingFlags& accepted) {
  constexpr unsigned kBase = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  constexpr RingFlags kChoices[] = {
      {kBase | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
       "SINGLE_ISSUER|DEFER_TASKRUN"},
      {kBase | IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"},
      {IORING_SETUP_CQSIZE, "none"},
  };
  int failed = -EINVAL;
  for (const RingFlags& choice : kChoices) {
    io_uring_params params{};
    params.flags = choice.bits;
    params.cq_entries = Ring::kCompletionEntries;
    failed = io_uring_queue_init_params(kSubmissionEntries, &ring, &params);
    accepted = choice;
    if (failed != -EINVAL) break;
  }
  if (failed >= 0) failed = move_above_standard(ring);
  RingMapping::begin();
  return failed;
}

Ring::Ring() {
  RingFlags accepted{};
  const int failed = make_ring(ring_, accepted);
  if (failed < 0) throw std::system_error(-failed, std::generic_category(), "io_uring_setup");
  // Saves a descriptor look-up in each turn. Kernels before 5.18 do not have it.
  io_uring_register_ring_fd(&ring_);
}

io_uring_sqe& Ring::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    submit();
    entry = io_uring_get_sqe(&ring_);
  }
  return *entry;
}

io_uring_sqe& Ring::next_entry(Completion& target) {
  io_uring_sqe& entry = next_entry();
  // Preparing an entry does not change its user_data, so it can be set first.
  io_uring_sqe_set_data(&entry, &target);
  return entry;
}

void Ring::note_send(std::size_t bytes) {
  unsubmitted_send_bytes_ += bytes;
  if (unsubmitted_send_bytes_ >= kEagerSendBytes) submit();
}

void Ring::cancel(Completion& target) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_cancel(&entry, &target, 0);
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data(&entry, nullptr);
}

void Ring::submit() {
  // After an error (EBUSY or EAGAIN, for lack of memory) the entries stay in the queue for the next
  // time.
  io_uring_submit(&ring_);
  unsubmitted_send_bytes_ = 0;
}

void Ring::flush() {
  const auto is_all_taken = [this] {
    return io_uring_sq_ready(&ring_) == 0 &&
           io_uring_smp_load_acquire(ring_.sq.khead) == *ring_.sq.ktail;
  };
  while (!is_all_taken()) {
    submit();
    // A full completion queue can prevent the kernel from taking more.
    if (!is_all_taken()) reap();
  }
}

void Ring::submit_and_wait(Instant now, Deadline until) {
  unsubmitted_send_bytes_ = 0;
  // If there are completions to read, the library would not enter the kernel, and the work that the
  // kernel has deferred (DEFER_TASKRUN) would not be done: receives, accepts, letters.
  const bool is_looking_only = until.has_passed(now) || io_uring_cq_ready(&ring_) > 0;
  if (is_looking_only) {
    io_uring_submit_and_get_events(&ring_);
  } else if (until.is_never()) {
    io_uring_submit_and_wait(&ring_, 1);
  } else {
    io_uring_cqe* unused = nullptr;
    __kernel_timespec left = timespec_until(now, until);
    io_uring_submit_and_wait_timeout(&ring_, &unused, 1, &left, nullptr);
  }
}

void Ring::submit_and_catch_up() {
  unsubmitted_send_bytes_ = 0;
  // With a smaller number, newer kernels (since 6.14) stop after 20 completions and leave the rest
  // for the next call.
  io_uring_cqe* unused = nullptr;
  __kernel_timespec no_time{};
  io_uring_submit_and_wait_timeout(&ring_, &unused, kCompletionEntries, &no_time, nullptr);
}

unsigned Ring::reap() {
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&ring_, head, entry) {
    ++count;
    auto* target = static_cast<Completion*>(io_uring_cqe_get_data(entry));
    if (target != nullptr) target->complete(entry->res, entry->flags);
  }
  io_uring_cq_advance(&ring_, count);
  return count;
}

}  // namespace hotline::engine

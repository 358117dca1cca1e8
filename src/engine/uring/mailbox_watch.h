#pragma once

#include <liburing.h>
#include <poll.h>

#include <utility>

#include "engine/uring/completion.h"
#include "engine/uring/ring.h"

namespace hotline::engine {

/// Notices when a mailbox has letters, with a multishot poll of its descriptor. The ring and the
/// mailbox must outlive it. Before it is destroyed it must be disarmed, and is_armed() must be
/// false.
class MailboxWatch final : public Completion {
 public:
  MailboxWatch(Ring& ring, int mailbox_fd) : ring_(ring), fd_(mailbox_fd) {}

  void arm() {
    io_uring_prep_poll_multishot(&ring_.next_entry(*this), fd_, POLLIN);
    is_armed_ = true;
  }

  void disarm() {
    if (is_armed_) ring_.cancel(*this);
    is_closing_ = true;
  }

  bool is_armed() const { return is_armed_; }

  /// Returns true if letters have arrived since the last call.
  bool take_notice() { return std::exchange(has_letters_, false); }

  void complete(int result, unsigned flags) noexcept override {
    is_armed_ = (flags & IORING_CQE_F_MORE) != 0;
    if (is_closing_) return;
    has_letters_ |= result >= 0;
    if (!is_armed_) arm();
  }

 private:
  Ring& ring_;
  int fd_;
  bool is_armed_ = false;
  bool is_closing_ = false;
  bool has_letters_ = false;
};

}  // namespace hotline::engine

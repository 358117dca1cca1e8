#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "engine/end_code.h"
#include "engine/loop_event.h"
#include "engine/mailbox.h"

namespace hotline::server {

/// Wakes the fiber that runs a server when the server is drained or cut. The letters are made in
/// advance, because a signal, or the end of the only call, could not report a lack of memory. Each
/// is posted once. Any thread.
class ControlLetters {
 public:
  /// Sets `asked` on the loop of `mailbox` from now on. The letters share `asked`, because they may
  /// be read after this object has been destroyed. Throws std::bad_alloc.
  void attach(std::shared_ptr<engine::Mailbox> mailbox,
              const std::shared_ptr<engine::LoopEvent>& asked) {
    engine::Mailbox::Letters drain;
    engine::Mailbox::Letters cut;
    for (engine::Mailbox::Letters* letters : {&drain, &cut}) {
      letters->emplace_back([asked] { asked->set(); });
    }
    const std::lock_guard lock(mutex_);
    mailbox_ = std::move(mailbox);
    drain_ = std::move(drain);
    cut_ = std::move(cut);
  }

  /// Stops posting.
  void detach() noexcept {
    const std::lock_guard lock(mutex_);
    mailbox_.reset();
  }

  /// `end_code` is kDrainEnd or kCancelEnd.
  void post(int end_code) noexcept {
    const std::lock_guard lock(mutex_);
    engine::Mailbox::Letters& letter = end_code == engine::kCancelEnd ? cut_ : drain_;
    if (mailbox_ && !letter.empty()) mailbox_->post(std::exchange(letter, {}));
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<engine::Mailbox> mailbox_;
  engine::Mailbox::Letters drain_;
  engine::Mailbox::Letters cut_;
};

}  // namespace hotline::server

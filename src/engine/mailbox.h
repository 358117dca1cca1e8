#pragma once

#include <functional>
#include <list>
#include <mutex>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// How other threads reach an event loop: what they post runs on the loop's thread, outside any
/// fiber. Owned in common with whoever posts, so that a letter to a loop that has gone is simply
/// dropped.
class Mailbox {
 public:
  using Letter = std::move_only_function<void()>;
  using Letters = std::list<Letter>;

  /// Throws std::system_error if no descriptor is left.
  Mailbox();

  /// Any thread. The letter must not throw and not wait. Throws std::bad_alloc.
  void post(Letter letter);

  /// The same for letters made beforehand: cannot fail for want of memory.
  void post(Letters letters) noexcept;

  /// What has been posted, in order; clears fd(). Loop thread only.
  Letters take_all();

  /// No letter is taken any more; what waits is dropped. Loop thread only.
  void close();

  /// Readable when there is something to take: an eventfd(2).
  int fd() const { return fd_.get(); }

 private:
  std::mutex mutex_;
  Letters letters_;
  bool is_closed_ = false;
  UniqueFd fd_;
};

}  // namespace hotline::engine

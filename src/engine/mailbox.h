#pragma once

#include <functional>
#include <list>
#include <mutex>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// How other threads reach an event loop: what they post runs on the loop's thread, outside of any
/// fiber. The loop and all that post own it together, so that a letter to a loop that has been
/// destroyed is dropped.
class Mailbox {
 public:
  using Letter = std::move_only_function<void()>;
  using Letters = std::list<Letter>;

  /// Throws std::system_error if no descriptor is left.
  Mailbox();

  /// Returns false, and drops the letter, if the loop has ended. Any thread. The letter must not
  /// throw and must not wait. Throws std::bad_alloc.
  bool post(Letter letter);

  /// The same for letters that were made beforehand; it cannot fail for lack of memory.
  bool post(Letters letters) noexcept;

  /// Returns the letters that have been posted, in order, and clears fd(). Loop thread only.
  Letters take_all();

  /// Drops the letters that wait and all later ones. Loop thread only.
  void close();

  /// Readable when there is a letter to take: an eventfd(2).
  int fd() const { return fd_.get(); }

 private:
  std::mutex mutex_;
  Letters letters_;
  bool is_closed_ = false;
  UniqueFd fd_;
};

}  // namespace hotline::engine

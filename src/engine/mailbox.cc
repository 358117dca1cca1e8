#include "engine/mailbox.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/above_standard.h"

namespace hotline::engine {

Mailbox::Mailbox() : fd_(above_standard(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

bool Mailbox::post(Letter letter) {
  Letters letters;
  letters.push_back(std::move(letter));
  return post(std::move(letters));
}

bool Mailbox::post(Letters letters) noexcept {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return false;
  const bool was_empty = letters_.empty();
  letters_.splice(letters_.end(), letters);
  if (was_empty) ::eventfd_write(fd_.get(), 1);
  return true;
}

Mailbox::Letters Mailbox::take_all() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  ::eventfd_read(fd_.get(), &count);
  return std::exchange(letters_, {});
}

void Mailbox::close() {
  Letters dropped;
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  dropped.swap(letters_);
}

}  // namespace hotline::engine

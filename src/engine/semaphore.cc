#include "engine/semaphore.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

#include "engine/engine.h"
#include "engine/operations/read_write.h"

namespace hotline::engine {

Semaphore::Semaphore(std::size_t count)
    : count_(static_cast<std::ptrdiff_t>(count)),
      tokens_(::eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!tokens_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Result<void> Semaphore::acquire() {
  if (count_.fetch_sub(1, std::memory_order_acquire) > 0) return {};
  // A channel belongs to one engine, so each wait has its own.
  Channel channel{UniqueFd(::fcntl(tokens_.get(), F_DUPFD_CLOEXEC, 3))};
  eventfd_t token = 0;
  Read read(channel, std::as_writable_bytes(std::span(&token, 1)));
  const int result =
      channel.is_open() ? Engine::current().perform(read, Deadline::never()) : -EMFILE;
  if (result >= 0) return {};
  // If a token came for us all the same, the next one to wait finds it: one too many at the most,
  // once.
  count_.fetch_add(1, std::memory_order_relaxed);
  return fail(operation_error(result, "wait for room"));
}

void Semaphore::release() {
  if (count_.fetch_add(1, std::memory_order_release) < 0) ::eventfd_write(tokens_.get(), 1);
}

}  // namespace hotline::engine

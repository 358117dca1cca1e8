#include "engine/semaphore.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <thread>

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
  // Leaves the queue, unless somebody has let this waiter go already: then its token is there.
  std::ptrdiff_t count = count_.load();
  while (count < 0) {
    if (count_.compare_exchange_weak(count, count + 1)) {
      return fail(operation_error(result, "wait for room"));
    }
  }
  while (::eventfd_read(tokens_.get(), &token) < 0) std::this_thread::yield();
  return {};
}

void Semaphore::release() {
  if (count_.fetch_add(1, std::memory_order_release) < 0) ::eventfd_write(tokens_.get(), 1);
}

}  // namespace hotline::engine

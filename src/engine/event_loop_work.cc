#include <memory>
#include <utility>

#include "engine/event_loop.h"
#include "engine/plain_wait.h"

// The work of an EventLoop that other threads do.

namespace hotline::engine {

int EventLoop::offload(OffloadPool::Work work) {
  if (scope().code_in_force() == kCancelEnd) return -kCancelEnd;
  if (!offload_pool_) offload_pool_ = std::make_unique<OffloadPool>(offload_options_);
  // The wait may have ended when the work is done. Only the loop's thread reads or clears the
  // pointer.
  struct Waiter {
    Wait* wait;
  };
  PlainWait wait(*this);
  auto waiter = std::make_shared<Waiter>(&wait);
  // Made here, because the thread of the pool could not report a lack of memory.
  Mailbox::Letters answer;
  answer.emplace_back([this, waiter] {
    if (waiter->wait != nullptr) complete(*std::exchange(waiter->wait, nullptr), 0);
  });
  const auto ticket = offload_pool_->submit(
      [answer = std::move(answer), mailbox = mailbox_, work = std::move(work)]() mutable {
        work();
        // What the work holds is destroyed before the wait ends.
        work = nullptr;
        mailbox->post(std::move(answer));
      });
  const int result = park(wait, Deadline::never());
  waiter->wait = nullptr;
  if (result < 0) offload_pool_->give_up(ticket);
  return result;
}

/// A wait for work on a pool. While no thread has begun the work, an interruption withdraws it;
/// after that nothing ends the wait but the work.
class EventLoop::FileWait final : public Wait {
 public:
  FileWait(EventLoop& loop, OffloadPool& pool) : loop_(loop), pool_(pool) {}

  void interrupt(int end_code) noexcept override {
    if (pool_.withdraw(ticket)) loop_.complete(*this, -end_code);
  }

  OffloadPool::Ticket ticket;

 private:
  EventLoop& loop_;
  OffloadPool& pool_;
};

int EventLoop::begin_file_work() {
  check_on_fiber();
  return Engine::begin_file_work();
}

int EventLoop::perform_file_work(OffloadPool::Work work) {
  if (!file_pool_) file_pool_ = std::make_unique<OffloadPool>(file_options_);
  FileWait wait(*this, *file_pool_);
  // Made here, because the thread of the pool could not report a lack of memory.
  Mailbox::Letters answer;
  answer.emplace_back([this, &wait] { complete(wait, 0); });
  wait.ticket = file_pool_->submit(
      [answer = std::move(answer), mailbox = mailbox_, work = std::move(work)]() mutable {
        work();
        work = nullptr;
        mailbox->post(std::move(answer));
      });
  return park(wait, Deadline::never());
}

}  // namespace hotline::engine

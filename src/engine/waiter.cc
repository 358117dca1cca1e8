#include "engine/waiter.h"

#include <cerrno>
#include <utility>

#include "engine/blocking/blocking_engine.h"

namespace hotline::engine {

Waiter::Waiter(OnDrain on_drain) : loop_(EventLoop::running()), on_drain_(on_drain) {
  if (loop_ == nullptr) {
    Engine& engine = Engine::current();
    const bool is_interruptible = engine.interrupter() != nullptr && !engine.scope().holds_cancel;
    is_interruptible ? void(counter_.emplace()) : void(signal_.emplace());
    return;
  }
  wait_.emplace(*loop_, on_drain);
  address_ = std::make_shared<Address>(&*wait_);
  mailbox_ = loop_->mailbox();
  letters_.emplace_back([loop = loop_, address = address_] {
    if (address->wait != nullptr) loop->complete(*address->wait, 0);
  });
}

Waiter::~Waiter() {
  if (address_) address_->wait = nullptr;
}

int Waiter::wait(Deadline deadline) {
  if (loop_ != nullptr) return loop_->park(*wait_, deadline);
  // Without a loop the engine of a thread is always the blocking one.
  auto& engine = static_cast<BlockingEngine&>(Engine::current());
  if (signal_) return engine.wait_for(*signal_, deadline, on_drain_);
  if (counter_->fd() < 0) return -EMFILE;
  return engine.wait_for(*counter_, deadline, on_drain_);
}

void Waiter::wake() noexcept {
  if (loop_ == nullptr) return signal_ ? signal_->set() : counter_->drain();
  if (loop_->is_on_its_thread()) return loop_->complete(*wait_, 0);
  mailbox_->post(std::move(letters_));
}

}  // namespace hotline::engine

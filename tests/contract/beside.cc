#include "contract/beside.h"

#include <utility>

#include "contract/stage.h"
#include "engine/event_loop.h"

namespace contract {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kPollInterval = std::chrono::milliseconds(2);
constexpr auto kJoinInterval = std::chrono::microseconds(20);

hotline::Duration elapsed() {
  const Stage* stage = Stage::current();
  return stage != nullptr ? stage->elapsed() : std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

Beside::Beside(std::function<void()> body) {
  auto guarded = [state = state_, body = std::move(body)] {
    try {
      body();
    } catch (...) {
      state->thrown = std::current_exception();
    }
    state->has_ended = true;
  };
  if (Stage* stage = Stage::current()) {
    stage->run(std::move(guarded));
  } else {
    thread_ = std::thread(std::move(guarded));
  }
}

void Beside::finish() {
  if (thread_.joinable()) thread_.join();
  Stage* stage = Stage::current();
  if (!state_ || stage == nullptr) return;
  if (hotline::engine::EventLoop::running() == nullptr) {
    stage->run_until([this] { return state_->has_ended; });
  } else {
    while (!state_->has_ended) stage->pause(kJoinInterval);
  }
}

void Beside::join() {
  finish();
  if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = elapsed() + kPatience;
  while (!condition()) {
    if (elapsed() > end) return false;
    pause(kPollInterval);
  }
  return true;
}

void pause(std::chrono::nanoseconds duration) {
  if (Stage* stage = Stage::current()) {
    stage->pause(duration);
  } else {
    std::this_thread::sleep_for(duration);
  }
}

}  // namespace contract

#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <thread>

namespace contract {

/// Something that runs beside the test: on a thread, or on a simulated row on a fiber of the world.
class Beside {
 public:
  explicit Beside(std::function<void()> body);
  Beside(Beside&&) = default;
  ~Beside() { finish(); }

  /// Waits for its end, and rethrows what it threw.
  void join();

 private:
  struct State {
    std::exception_ptr thrown;
    bool has_ended = false;
  };

  void finish();

  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;
};

/// Waits until `condition` holds. Returns false after ten seconds. Polls, because another process
/// makes the condition true.
bool eventually(const std::function<bool()>& condition);

/// Lets time of the system or of the world pass.
void pause(std::chrono::nanoseconds duration);

}  // namespace contract

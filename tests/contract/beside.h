#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <thread>

namespace contract {

/// Something that goes on beside the test: on a thread; on a fiber of the world on a simulated row.
class Beside {
 public:
  explicit Beside(std::function<void()> body);
  Beside(Beside&&) = default;
  ~Beside() { finish(); }

  /// Waits for its end, and passes on what it threw.
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

/// Waits until `condition` holds: false after ten seconds. Polls, for what it asks about is another
/// process's doing.
bool eventually(const std::function<bool()>& condition);

/// Lets time pass: the system's, or the world's.
void pause(std::chrono::nanoseconds duration);

}  // namespace contract

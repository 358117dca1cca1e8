#include <unistd.h>

#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/net/connect.h"
#include "server/threads_runner.h"
#include "support/running_server.h"
#include "support/sockets.h"

// Calls one after another on the same threads.

namespace hotline::server::threads_runner_reuse_test {
namespace {

using std::chrono::seconds;

// More calls than ever start on a new thread each because the thread of the last one is not idle
// yet.
constexpr int kCallsMax = 10'000;

/// Counts the calls of each thread. Any thread.
class Threads {
 public:
  /// Notes a call on this thread. Returns true if it has had one before.
  bool note_call() {
    const std::lock_guard lock(mutex_);
    return calls_[::gettid()]++ > 0;
  }

 private:
  std::mutex mutex_;
  std::map<pid_t, int> calls_;
};

/// Sends a byte and returns the reply: "n" from a new thread, "o" from one that had a call before.
std::string ask(const UniqueFd& caller) {
  test::send_text(caller.get(), "?");
  return test::receive_text(caller.get(), 1);
}

/// Makes a call and ends it. Returns its reply.
std::string call_once(std::uint16_t port) { return ask(test::connect_tcp(port)); }

/// Makes calls until one is served by a thread that had one before. Returns that call.
UniqueFd call_old_thread(std::uint16_t port) {
  for (int i = 0; i < kCallsMax; ++i) {
    UniqueFd caller = test::connect_tcp(port);
    const std::string reply = ask(caller);
    REQUIRE((reply == "n" || reply == "o"));
    if (reply == "o") return caller;
  }
  FAIL("each call has a new thread");
  return {};
}

/// Answers the first byte of a call with whether its thread had one before.
void answer(Threads& threads, Stream& call) {
  const bool is_old = threads.note_call();
  if (call.receive()) static_cast<void>(call.write_all(as_bytes(is_old ? "o" : "n")));
}

/// Counts the threads that it was used on and that have ended.
struct EndOfThread {
  std::atomic<int>* ended = nullptr;
  ~EndOfThread() {
    if (ended != nullptr) ++*ended;
  }
};

void count_end_of_thread(std::atomic<int>& ended) {
  thread_local EndOfThread here;
  here.ended = &ended;
}

}  // namespace

TEST_CASE("a thread whose call has ended serves another") {
  Threads threads;
  test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0",
                              [&](Stream& call) { answer(threads, call); });
  call_old_thread(running.port());
}

TEST_CASE("a thread whose handler has thrown serves another call") {
  Threads threads;
  test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0",
                              [&](Stream& call) {
                                answer(threads, call);
                                throw std::runtime_error("after the reply");
                              });
  call_old_thread(running.port());
}

TEST_CASE("what a handler leaves of scopes and blocked signals does not affect the next call") {
  Threads threads;
  std::atomic<bool> was_blocked = false;
  // Never destroyed: a handler that forgets its scopes.
  std::vector<std::unique_ptr<std::byte[]>> forgotten;
  std::mutex mutex;
  const auto forget = [&]<typename Scope, typename... Arguments>(std::type_identity<Scope>,
                                                                 Arguments... arguments) {
    const std::lock_guard lock(mutex);
    forgotten.push_back(std::make_unique<std::byte[]>(sizeof(Scope)));
    new (forgotten.back().get()) Scope(arguments...);
  };
  test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0",
                              [&](Stream& call) {
                                sigset_t mask;
                                ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                                if (sigismember(&mask, SIGUSR1) == 1) was_blocked = true;
                                answer(threads, call);
                                sigaddset(&mask, SIGUSR1);
                                ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
                                static_cast<void>(call.receive());
                                forget(std::type_identity<DeadlineScope>(), Deadline::at(now()));
                                forget(std::type_identity<CancelHold>());
                              });
  // It waits on a thread with a forgotten hold: the drain must end that.
  const UniqueFd open_call = call_old_thread(running.port());
  CHECK_FALSE(was_blocked);
  running.drain();
}

TEST_CASE("a drain and a cut end a call on a thread that had one before") {
  for (const bool is_cut : {false, true}) {
    Threads threads;
    test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0",
                                [&](Stream& call) {
                                  answer(threads, call);
                                  static_cast<void>(call.receive());
                                });
    const UniqueFd open_call = call_old_thread(running.port());
    is_cut ? running.server().cut() : running.server().drain();
    running.wait();
    CHECK(test::receive_until_end(open_call.get()).empty());
  }
}

TEST_CASE("a drain and a cut end threads that are idle at once") {
  // A machine may be too busy for one of them.
  Duration fastest = ThreadsRunner::kIdleTime;
  for (int i = 0; i < 20; ++i) {
    Threads threads;
    std::atomic<int> ended = 0;
    const Instant before = std::chrono::steady_clock::now();
    {
      test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0",
                                  [&](Stream& call) {
                                    count_end_of_thread(ended);
                                    answer(threads, call);
                                  });
      call_once(running.port());
      i % 2 == 0 ? running.server().drain() : running.server().cut();
      running.wait();
      CHECK(ended == 1);
    }
    fastest = std::min<Duration>(fastest, std::chrono::steady_clock::now() - before);
  }
  CHECK(fastest < ThreadsRunner::kIdleTime);
}

TEST_CASE("a drain among calls that come and go leaves none unfinished") {
  for (int i = 0; i < 20; ++i) {
    Threads threads;
    test::RunningServer running(test::options_for("threads:3"), "tcp://127.0.0.1:0",
                                [&](Stream& call) { answer(threads, call); });
    std::atomic<bool> is_over = false;
    std::atomic<int> served = 0;
    std::vector<std::jthread> callers;
    for (int k = 0; k < 4; ++k) {
      callers.emplace_back([&] {
        while (!is_over) {
          auto stream = connect(running.endpoint());
          if (!stream || !stream->write_all(as_bytes("?")) || !stream->receive()) return;
          ++served;
        }
      });
    }
    while (served < 5 * (i + 1)) std::this_thread::yield();
    // Before the drain, which ends when no caller waits: each makes at most one more call.
    is_over = true;
    CHECK(running.drain().cut == 0);
  }
}

TEST_CASE("no more calls run at once than there are threads, however many threads are idle") {
  std::atomic<int> inside = 0;
  std::atomic<int> inside_max = 0;
  test::RunningServer running(test::options_for("threads:2"), "tcp://127.0.0.1:0",
                              [&](Stream& call) {
                                const int now_inside = ++inside;
                                for (int max = inside_max; max < now_inside;) {
                                  inside_max.compare_exchange_weak(max, now_inside);
                                }
                                static_cast<void>(call.receive());
                                static_cast<void>(call.write_all(as_bytes("n")));
                                --inside;
                              });
  {
    std::vector<std::jthread> callers;
    for (int k = 0; k < 6; ++k) {
      callers.emplace_back([&] {
        for (int i = 0; i < 50; ++i) call_once(running.port());
      });
    }
  }
  CHECK(inside_max <= 2);
  CHECK(running.drain().calls == 300);
}

TEST_CASE("only so many threads stay idle, and those for their time only") {
  constexpr int kEndAtOnce = 5;
  constexpr int kCalls = int{ThreadsRunner::kIdleMax} + kEndAtOnce;
  std::atomic<int> ended = 0;
  Threads threads;
  test::RunningServer running(test::options_for("threads:64"), "tcp://127.0.0.1:0",
                              [&](Stream& call) {
                                count_end_of_thread(ended);
                                answer(threads, call);
                                static_cast<void>(call.receive());
                              });
  std::vector<UniqueFd> callers;
  for (int i = 0; i < kCalls; ++i) {
    callers.push_back(test::connect_tcp(running.port()));
    CHECK(ask(callers.back()) == "n");
  }
  const Instant before = std::chrono::steady_clock::now();
  callers.clear();
  while (ended <= kEndAtOnce) std::this_thread::yield();
  CHECK(std::chrono::steady_clock::now() - before >= ThreadsRunner::kIdleTime);
  while (ended < kCalls) std::this_thread::yield();
  CHECK(call_once(running.port()) == "n");
}

}  // namespace hotline::server::threads_runner_reuse_test

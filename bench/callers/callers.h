#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../generator/clock.h"
#include "../generator/socket.h"
#include "options.h"

namespace bench {

// Callers of one conduct, from one thread, for a bounded time. What the server does to one of them
// (refuses it, cuts it, does not answer) is counted and ends nothing.
class Callers {
 public:
  explicit Callers(const CallerOptions& options);
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;
  virtual ~Callers() = default;

  // Until the time is over: the result, one JSON object on one line.
  std::string run();

 protected:
  struct Call {
    Descriptor socket;
    std::size_t index = 0;
    std::size_t position = 0;  // In what it says, or of the reply to it.
    Nanoseconds time = 0;      // Each conduct uses it in its own way.
  };

  struct Tally {
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;  // Calls that could not be made in a second.
    std::uint64_t cut = 0;      // Calls that the server ended.
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
  };

  // The socket is ready for one of events(), for the first time or again since the last act or
  // rearm; or a tick has passed. Throws Failure if the server has ended the call.
  virtual void act(Call& call) = 0;

  virtual Nanoseconds tick() const { return 100 * kMillisecond; }

  // The server has ended the call: there will be another in its place.
  virtual void lost(Call& call) { static_cast<void>(call); }

  // The time is over.
  virtual void finish() {}

  // What of epoll an act waits for.
  virtual std::uint32_t events() const { return EPOLLIN; }

  // Whether the callers may leave before the time is over.
  virtual bool is_done() const { return false; }

  // Members of the result that only this conduct has, each followed by a comma.
  virtual std::string extra_json() const { return {}; }

  // A call in place of the one that `call` was: whether it could be made.
  bool open(Call& call);

  // Has act called soon if the socket is still ready, after the others.
  void rearm(const Call& call) { poller_.change(call.socket, events(), call.index); }

  void send(Call& call, const std::string& text);
  std::size_t receive(Call& call);

  // What the last receive got.
  std::string_view received(std::size_t size) const { return {received_.data(), size}; }

  const CallerOptions options_;
  Tally tally_;

 private:
  bool is_over() const { return now() >= end_; }
  void open_all();
  void turn();
  void try_act(Call& call);
  std::string to_json(Nanoseconds length) const;

  std::vector<Call> calls_;
  std::vector<char> received_;
  Poller poller_;
  Nanoseconds next_tick_ = 0;
  Nanoseconds end_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace bench

#pragma once

#include <cstdint>
#include <vector>

#include "link.h"
#include "measurement.h"
#include "options.h"
#include "text.h"

namespace bench {

// Calls of one message each: connect, prove who calls if that is asked for, send, receive the
// reply, close, again; `connections` at once.
class ConnectLoad {
 public:
  ConnectLoad(const Options& options, Measurement& measurement);

  // Returns when the measured time is over and every call has ended.
  void run();

 private:
  struct Call {
    Link link;
    bool is_sent = false;
    std::uint64_t start = 0;
    std::size_t received = 0;
    Nanoseconds time = 0;
  };

  void open(std::size_t index);
  bool turn();
  void go_on(std::size_t index);
  void send(Call& call);
  void receive(std::size_t index);

  const Options& options_;
  Measurement& measurement_;
  Opener opener_;
  Text text_;
  std::vector<char> buffer_;
  Poller poller_;
  std::vector<Call> calls_;
  std::uint64_t serial_ = 0;
  std::size_t open_ = 0;
  bool running_ = true;
};

}  // namespace bench

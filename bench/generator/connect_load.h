#pragma once

#include <cstdint>
#include <vector>

#include "measurement.h"
#include "options.h"
#include "socket.h"
#include "text.h"

namespace bench {

// Calls of one message each: connect, send, receive the reply, close, again; `connections` at once.
class ConnectLoad {
 public:
  ConnectLoad(const Options& options, Measurement& measurement);

  // Returns when the measured time is over and every call has ended.
  void run();

 private:
  struct Call {
    Descriptor socket;
    std::uint64_t start = 0;
    std::size_t received = 0;
    Nanoseconds time = 0;
  };

  void open(std::size_t index);
  bool turn();
  void receive(std::size_t index);

  const Options& options_;
  Measurement& measurement_;
  Text text_;
  std::vector<char> buffer_;
  Poller poller_;
  std::vector<Call> calls_;
  std::uint64_t serial_ = 0;
  std::size_t open_ = 0;
  bool running_ = true;
};

}  // namespace bench

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "link.h"
#include "measurement.h"
#include "options.h"
#include "text.h"

namespace bench {

// A closed loop over TCP: every connection keeps `depth` messages in flight. What an arriving piece
// of the replies completes is followed by as many new messages in a single write.
class TcpLoad {
 public:
  TcpLoad(const Options& options, Measurement& measurement);

  // Returns when the measured time is over and every reply has come.
  void run();

 private:
  struct Burst {
    std::uint64_t end;
    Nanoseconds time;
  };

  // Positions count the bytes of this connection's stream; `start` is where the text begins.
  struct Connection {
    Link link;
    std::uint64_t start = 0;
    std::uint64_t due = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    bool writable_wanted = false;
    std::vector<Burst> bursts;
    std::size_t first_burst = 0;
    std::size_t burst_count = 0;
  };

  void connect();
  void begin(std::size_t index, Nanoseconds now);
  bool turn();
  void handle(const epoll_event& event);
  bool receive(Connection& connection);
  void complete(Connection& connection, std::uint64_t before, Nanoseconds now);
  void extend(Connection& connection, Nanoseconds now);
  void flush(Connection& connection, std::size_t index);
  void want_writable(Connection& connection, std::size_t index, bool wanted);

  const Options& options_;
  Measurement& measurement_;
  Opener opener_;
  std::size_t buffer_size_;
  Text text_;
  std::unique_ptr<char[]> buffer_;
  Poller poller_;
  std::vector<Connection> connections_;
  std::size_t unfinished_ = 0;
  bool running_ = true;
};

}  // namespace bench

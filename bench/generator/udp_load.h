#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "datagrams.h"
#include "measurement.h"
#include "options.h"
#include "socket.h"
#include "udp_trains.h"

namespace bench {

// A closed loop over UDP: every socket keeps a window of `depth` datagrams in flight. One whose
// reply does not come in time is counted as lost and a new one takes its place.
class UdpLoad {
 public:
  UdpLoad(const Options& options, Measurement& measurement);

  // Returns when the measured time is over and every reply has come or is lost.
  void run();

 private:
  struct Slot {
    std::uint32_t number = 0;
    bool waiting = false;
    Nanoseconds time = 0;
  };

  struct Peer {
    Descriptor socket;
    std::size_t index = 0;
    std::vector<Slot> slots;
  };

  void connect();
  bool turn();
  void receive(Peer& peer);
  void receive_trains(Peer& peer);
  std::size_t receive_batch(const Peer& peer);
  void accept(Peer& peer, const char* reply, std::size_t size, Nanoseconds now);
  void compose(Peer& peer, std::size_t slot, Nanoseconds now);
  void send_composed(const Peer& peer);
  void expire(Nanoseconds now);

  const Options& options_;
  Measurement& measurement_;
  std::size_t stride_;
  std::unique_ptr<Datagrams> datagrams_;
  UdpTrains trains_;
  Poller poller_;
  std::vector<Peer> peers_;
  std::vector<char> received_;
  std::vector<char> composed_;
  std::vector<iovec> receive_pieces_;
  std::vector<iovec> send_pieces_;
  std::vector<mmsghdr> receive_headers_;
  std::vector<mmsghdr> send_headers_;
  std::size_t composed_count_ = 0;
  std::size_t waiting_ = 0;
  Nanoseconds next_expiry_ = 0;
  bool running_ = true;
};

}  // namespace bench

#pragma once

#include <cstddef>
#include <memory>

#include "options.h"
#include "socket.h"

namespace bench {

// Sends many datagrams of one size at once, UDP_SEGMENT, and receives what the kernel has left
// together, UDP_GRO.
class UdpTrains {
 public:
  // Datagrams in a row; only the last may be shorter.
  struct Received {
    const char* bytes = nullptr;
    std::size_t size = 0;
    std::size_t segment_size = 1;

    explicit operator bool() const { return bytes != nullptr; }
  };

  explicit UdpTrains(const Options& options);

  bool are_wanted() const { return segments_ > 1; }

  // Throws Failure if the kernel has no UDP_GRO.
  static void accept_on(const Descriptor& socket);

  // Nothing if nothing has arrived. Valid until the next call.
  Received receive(const Descriptor& socket);

  // Sends `count` datagrams. What does not go out is lost.
  void send(const Descriptor& socket, char* bytes, std::size_t count) const;

 private:
  std::size_t bytes_;
  std::size_t segments_;
  std::unique_ptr<char[]> memory_;
};

}  // namespace bench

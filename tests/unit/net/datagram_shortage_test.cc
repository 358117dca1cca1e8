#include <new>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "support/datagrams.h"
#include "support/loops.h"
#include "support/memory_shortage.h"

namespace hotline::datagram_shortage_test {

using test::bound;

TEST_CASE("after a receive that had no memory the times may be changed") {
  test::on_each_engine([] {
    test::with_each_allocation_failing([](std::size_t spared) {
      CAPTURE(spared);
      DatagramSocket socket = bound("udp://127.0.0.1:0");
      bool has_struck = false;
      {
        const test::MemoryShortage shortage(spared, test::MemoryShortage::Extent::one);
        try {
          static_cast<void>(socket.receive(Deadline::at(now())));
        } catch (const std::bad_alloc&) {
        }
        has_struck = shortage.has_struck();
      }
      CHECK(socket.note_times(TimestampUse::received));
      return has_struck;
    });
  });
}

}  // namespace hotline::datagram_shortage_test

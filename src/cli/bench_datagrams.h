#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/bench_gate.h"
#include "cli/bench_patience.h"
#include "cli/bench_plan.h"
#include "cli/bench_schedule.h"
#include "cli/bench_tally.h"
#include "hotline/engine/semaphore.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::cli {

/// One socket of a load of datagrams: sends them when they are due, and compares each reply. A
/// datagram without a reply within the timeout is lost. For one fiber of a loop.
class BenchDatagrams {
 public:
  /// `plan` and `tally` must outlive this object. It is socket `index` of the load.
  BenchDatagrams(const BenchPlan& plan, std::size_t index, BenchTally& tally);
  BenchDatagrams(const BenchDatagrams&) = delete;
  BenchDatagrams& operator=(const BenchDatagrams&) = delete;

  /// As BenchStream::run().
  void run(BenchGate& gate, Semaphore& connecting);

  /// As BenchStream::count_missed().
  void count_missed(Instant end) const {
    if (schedule_) tally_.add_missed(*schedule_, end);
  }

 private:
  /// A place for a datagram without a reply. The numbers of its datagrams are equal modulo the
  /// number of places.
  struct Place {
    std::uint32_t number = 0;
    bool is_waiting = false;
    Instant due{};
    Instant sent{};
  };

  bool open();
  void converse();
  bool send_due(Instant at);
  void compose(Place& place, Instant due, Instant at);
  Deadline wait_limit(Instant at) const;
  void expire(Instant at);
  void take(const Datagram& reply, Instant at);
  Place* place_of(Bytes reply);
  std::string fault_of(const Place& place, const Datagram& reply) const;
  bool lose(const Error& error);
  void count_bound(const Place& place, Instant at);

  const BenchPlan& plan_;
  BenchTally& tally_;
  std::size_t index_;
  std::optional<BenchSchedule> schedule_;
  std::optional<DatagramSocket> socket_;
  std::vector<Place> places_;
  std::vector<std::size_t> free_;  ///< The places where no datagram waits.
  std::vector<std::string> composed_;
  std::vector<OutgoingDatagram> outgoing_;
  Instant next_expiry_{};
  BenchPatience patience_;
};

}  // namespace hotline::cli

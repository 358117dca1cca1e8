#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "hotline/net/datagram_socket.h"
#include "net/datagram_groups.h"
#include "net/datagram_train.h"
#include "net/kernel_times.h"
#include "net/route_control.h"

namespace hotline::net {

/// The kernel's descriptions for sending many datagrams at a time. Trains are described by one
/// each, which puts datagrams together that are for one peer, wherever they are in the batch; for
/// each peer they keep their order.
class SendBatch {
 public:
  /// Describes at most `count` datagrams at a time.
  explicit SendBatch(std::size_t count)
      : groups_(count), pieces_(count), headers_(count), lengths_(count), controls_(count) {}

  /// From now on, asks for the times of the datagrams that want one, or no longer does.
  void note_times(TimestampUse use) { times_ = use; }

  /// Describes the first of `datagrams`, as many as fit, and returns due(). They must stay in
  /// place.
  std::span<mmsghdr> prepare(std::span<const OutgoingDatagram> datagrams, Trains trains = {});

  /// Returns how many datagrams the last prepare() has described.
  std::size_t size() const { return order_.size(); }

  /// Returns the descriptions that have not been passed.
  std::span<mmsghdr> due() { return std::span(headers_).subspan(next_, described_ - next_); }

  /// Passes the first `count` of due(). Returns the datagrams that they describe; valid until the
  /// next prepare().
  std::span<const OutgoingDatagram* const> pass(std::size_t count);

  /// Returns the size of the datagrams of the train that is due next, or 0 if it is not a train.
  std::size_t next_train_bytes() const;

  /// Describes all that is due once more, without trains.
  void split_trains();

 private:
  /// The control data of a route, and one request besides.
  struct Control {
    alignas(cmsghdr) std::byte
        bytes[RouteControl::kBytesMax + std::max(kSentTimeRequestBytes, kTrainRequestBytes)];
  };

  void describe(std::size_t position, std::size_t length);
  std::byte* make_room(std::size_t index, std::size_t size);

  TimestampUse times_ = TimestampUse::none;
  DatagramGroups groups_;
  std::vector<const OutgoingDatagram*> plain_;      ///< The order without trains.
  std::span<const OutgoingDatagram* const> order_;  ///< What is described.
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
  std::vector<std::size_t> lengths_;  ///< How many datagrams each describes.
  std::vector<Control> controls_;
  std::size_t described_ = 0;  ///< The number of descriptions,
  std::size_t next_ = 0;       ///< of which the first ones have been passed,
  std::size_t position_ = 0;   ///< and the datagrams that those describe.
};

}  // namespace hotline::net

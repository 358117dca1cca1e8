#include <utility>

#include "core/raised_flag.h"
#include "engine/engine.h"
#include "engine/operations/datagrams.h"
#include "hotline/core/literal.h"
#include "net/coalesced.h"
#include "net/datagram_state.h"

// How a DatagramSocket receives: the kernel may hand over datagrams together.

namespace hotline {

using engine::Engine;

/// Returns whether there is room for all that the kernel may put together.
net::Coalescing DatagramSocket::State::coalescing_of(const Endpoint& endpoint,
                                                     const DatagramOptions& options) {
  const bool has_room = endpoint.transport() == Transport::udp &&
                        options.datagram_bytes_max >= net::kCoalescedBytesMax;
  return has_room ? net::Coalescing::possible : net::Coalescing::none;
}

/// Asks for it, once, before a receive that may wait: a socket that is only emptied may still
/// begin to note times, or be shared.
void DatagramSocket::State::begin_coalescing(Deadline deadline) {
  if (!is_coalescing_due || deadline.has_passed(Engine::current().now())) return;
  is_coalescing_due = false;
  net::ask_for_coalescing(*channel);
}

void DatagramSocket::State::forbid_coalescing() { may_coalesce = is_coalescing_due = false; }

Result<std::span<const Datagram>> DatagramSocket::State::receive(std::size_t count_max,
                                                                 Deadline deadline) {
  const int result = received->has_more() ? cut_code() : fill(count_max, deadline);
  if (result < 0) return fail(error(result, "receive on"));
  const auto datagrams = received->take(count_max);
  if (options.tap == nullptr) return datagrams;
  for (const Datagram& each : datagrams) options.tap->received(peer_of(each.route), each.bytes);
  return datagrams;
}

/// Returns the negated end code of a cut, or 0: a cut ends receives that need no wait, too.
int DatagramSocket::State::cut_code() {
  Engine& engine = Engine::current();
  engine.note_interrupts();
  return engine.scope().code_in_force() == engine::kCancelEnd ? -engine::kCancelEnd : 0;
}

int DatagramSocket::State::receive_some(std::size_t count_max, Deadline deadline) {
  if (const int noted = sent_queue.take_error(); noted < 0) return noted;
  renew_received();
  begin_coalescing(deadline);
  engine::ReceiveDatagrams operation(*channel, received->prepare(count_max), error_reader());
  const int count = [&] {
    const RaisedFlag raised(is_receiving);
    return Engine::current().perform(operation, deadline);
  }();
  has_waited = count == -engine::kDeadlineEnd;
  if (count > 0) candidates.clear();
  return count;
}

/// Before the kernel writes to `received`: takes other memory if a user keeps that.
void DatagramSocket::State::renew_received() {
  if (received.use_count() == 1 && !is_outdated) return;
  make_spare();
  spare->succeed(*received);
  std::swap(received, spare);
  if (std::exchange(is_outdated, false)) spare.reset();
}

void DatagramSocket::State::make_spare() {
  if (!spare || spare.use_count() > 1) spare = new_batch();
}

Result<std::span<const Datagram>> DatagramSocket::receive_batch(Deadline deadline) {
  return state_->receive(state_->received->size(), deadline);
}

Result<Datagram> DatagramSocket::receive(Deadline deadline) {
  auto received = state_->receive(1, deadline);
  if (!received) return fail(std::move(received.error()));
  return received->front();
}

std::shared_ptr<void> DatagramSocket::keep_batch() {
  // Now, so that the next receive cannot fail for lack of memory.
  state_->make_spare();
  return state_->received;
}

bool DatagramSocket::has_unread() const { return state_->received->has_more(); }

std::size_t DatagramSocket::drop_unread() { return state_->received->drop_rest(); }

void DatagramSocket::forbid_coalescing() { state_->forbid_coalescing(); }

}  // namespace hotline

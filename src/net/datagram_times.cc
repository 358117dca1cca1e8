#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "core/check.h"
#include "hotline/core/literal.h"
#include "net/datagram_state.h"
#include "net/kernel_times.h"

// What a DatagramSocket says about times and losses.

namespace hotline {
namespace {

constexpr Literal kNoteTimes = "note the times of the datagrams of";

}  // namespace

int DatagramSocket::State::note_times(TimestampUse use) {
  if (const int failed = net::set_times(*channel, use); failed < 0) return failed;
  times = use;
  // Datagrams that the kernel puts together have one time for all of them.
  is_coalescing_due = may_coalesce && use == TimestampUse::none;
  // What has been received and not been taken yet stays there.
  spare = new_batch();
  is_outdated = true;
  sent.note_times(use);
  const bool has_sent = use == TimestampUse::received_and_sent;
  sent_queue.keep(has_sent ? batch_size() : 0, options.datagram_bytes_max);
  return 0;
}

void DatagramSocket::State::note_sent(std::span<const OutgoingDatagram* const> datagrams) {
  if (!sent_queue.is_keeping()) return;
  const auto wanted = std::ranges::count(datagrams, SentTime::wanted, &OutgoingDatagram::sent_time);
  if (wanted > 0) sent_queue.note_sent(*channel, static_cast<std::size_t>(wanted));
}

Result<void> DatagramSocket::note_times(TimestampUse use) {
  check_use(!state_->is_receiving,
            "note_times() replaces the memory that a receive uses: call it "
            "before the fiber that receives begins");
  const bool has_sent = use == TimestampUse::received_and_sent;
  if (has_sent && state_->endpoint.transport() != Transport::udp) {
    return fail(make_error(ErrorKind::unsupported, kNoteTimes, state_->endpoint.to_string(),
                           "the kernel notes sent times for UDP only",
                           "TimestampUse::received is possible here"));
  }
  if (const int failed = state_->note_times(use); failed < 0) {
    return fail(state_->error(failed, kNoteTimes));
  }
  return {};
}

Result<DatagramSocket> DatagramSocket::with_my_times(std::unique_ptr<State> state) const {
  if (state_->times != TimestampUse::none) {
    if (const int failed = state->note_times(state_->times); failed < 0) {
      return fail(state->error(failed, kNoteTimes));
    }
  }
  return DatagramSocket(std::move(state));
}

Result<std::span<const SentDatagram>> DatagramSocket::take_sent() {
  constexpr Literal kTake = "take the sent times of";
  if (!state_->sent_queue.is_keeping()) {
    return fail(make_error(ErrorKind::invalid_argument, kTake, state_->endpoint.to_string(),
                           "the socket does not note them",
                           "call note_times(TimestampUse::received_and_sent) first"));
  }
  const int failed = state_->sent_queue.fill(*state_->channel);
  if (failed < 0) return fail(state_->error(failed, kTake));
  return state_->sent_queue.take();
}

Result<std::uint32_t> DatagramSocket::lost_datagrams() const {
  constexpr Literal kCount = "count the lost datagrams of";
  std::array<std::uint32_t, SK_MEMINFO_VARS> numbers{};
  std::size_t size = sizeof numbers;
  const int failed = engine::Engine::current().get_option(state_->channel->fd(), SOL_SOCKET,
                                                          SO_MEMINFO, numbers.data(), size);
  if (failed < 0) return fail(state_->error(failed, kCount));
  return numbers[SK_MEMINFO_DROPS];
}

}  // namespace hotline

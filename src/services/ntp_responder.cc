#include "services/ntp_responder.h"

#include <algorithm>
#include <array>

#include "hotline/core/rows.h"

namespace hotline::services {
namespace {

// The receive times of this server are odd and its transmit times even. So the origin of a request
// shows which of them the client took: the interleaved mode is known without a memory of clients.
constexpr std::uint64_t kOdd = 1;

constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint8_t kFirstVersionWithModes = 2;
constexpr std::uint8_t kFirstVersionWithPeers = 3;

/// The extension fields that only a server with NTS can answer: RFC 8915.
constexpr std::uint16_t kNtsCookie = 0x0204;
constexpr std::uint16_t kNtsAuthenticator = 0x0404;

/// A client that gets a kiss-o'-death asks at most once in 2^6 s.
constexpr std::int8_t kKissedPoll = 6;

/// A transmit time that is at most this much before the receive time comes from a coarse clock, and
/// not from one that was set.
constexpr Duration kClockSlack = std::chrono::microseconds(1);

/// The sizes of replies: without a MAC, and with those that are verified.
constexpr std::size_t kReplySizes[] = {48, 68, 72};

/// Replies whose sent times are outstanding: two batches of datagrams.
constexpr std::size_t kLeavingMax = 128;

constexpr std::string_view kOutcomeNames[] = {"answered",          "interleaved",   "kissed",
                                              "limited",           "malformed",     "not_a_request",
                                              "not_authenticated", "clock_was_set", "own_request"};
static_assert(std::size(kOutcomeNames) == kNtpOutcomes);

/// Returns the mode of the reply, or nullopt if `packet` is not a request.
std::optional<NtpMode> reply_mode(const NtpPacket& packet, std::uint16_t port) {
  if (packet.mode == NtpMode::client) return NtpMode::server;
  if (packet.mode == NtpMode::symmetric_active && packet.version >= kFirstVersionWithPeers) {
    return NtpMode::symmetric_passive;
  }
  // Version 1 had no modes; its servers ask from the port of NTP.
  const bool is_old = packet.mode == NtpMode::reserved && packet.version < kFirstVersionWithModes;
  if (is_old && port != kNtpPort) return NtpMode::server;
  return std::nullopt;
}

bool has_nts(Bytes extensions) {
  while (const auto field = take_ntp_extension(extensions)) {
    if (field->type == kNtsCookie || field->type == kNtsAuthenticator) return true;
  }
  return false;
}

/// Returns the key of a request with a MAC, or null.
const NtpKey* key_of(const NtpDatagram& request, const NtpKeys* keys) {
  return request.mac && keys != nullptr ? keys->verify(request) : nullptr;
}

/// Returns true if the client took its origin from a receive time of this server.
bool is_interleaved(const NtpPacket& request) {
  return (request.originate_time.value & kOdd) != 0 && request.receive_time.is_set() &&
         request.receive_time != request.transmit_time;
}

NtpReply refused(NtpOutcome outcome) {
  NtpReply reply;
  reply.outcome = outcome;
  return reply;
}

/// A kiss-o'-death says nothing of the clock.
void kiss(NtpReply& reply) {
  reply.outcome = NtpOutcome::kissed;
  reply.packet.leap = NtpLeap::unsynchronised;
  reply.packet.stratum = 0;
  reply.packet.poll = std::max(reply.packet.poll, kKissedPoll);
  reply.packet.reference_id = kNtpKissRate;
}

}  // namespace

std::string_view name_of(NtpOutcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::int8_t ntp_precision(Duration granularity) {
  std::int8_t precision = 0;
  for (Duration step = std::chrono::seconds(1); step / 2 >= granularity && precision > -30;
       step /= 2)
    --precision;
  return precision;
}

NtpResponder::NtpResponder(const NtpResponderOptions& options)
    : options_(options), random_(options.seed) {
  const int bits = std::clamp(32 + options.precision, 0, 32);
  fuzz_mask_ = ((std::uint64_t{1} << bits) - 1) & ~kOdd;
}

NtpReply NtpResponder::decide(const NtpRequest& request, const NtpPacket& clock) {
  const auto datagram = decode_ntp(request.bytes);
  if (!datagram) return refused(NtpOutcome::malformed);
  const NtpPacket& asked = datagram->packet;
  const auto mode = reply_mode(asked, request.port);
  if (!mode) return refused(NtpOutcome::not_a_request);
  const NtpKey* const key = key_of(*datagram, options_.keys);
  if (datagram->mac && key == nullptr) return refused(NtpOutcome::not_authenticated);
  if (has_nts(datagram->extensions)) return refused(NtpOutcome::not_authenticated);
  if (request.received_at < valid_from_) return refused(NtpOutcome::clock_was_set);

  NtpReply reply{.outcome = NtpOutcome::answered, .packet = clock, .key = key};
  NtpPacket& packet = reply.packet;
  packet.version = asked.version;
  packet.mode = *mode;
  packet.poll = asked.poll;
  packet.precision = options_.precision;
  packet.originate_time = asked.transmit_time;
  packet.receive_time = receive_stamp(request.received_at);
  if (is_interleaved(asked)) answer_interleaved(asked, reply);
  return reply;
}

void NtpResponder::limit(NtpReply& reply, NtpAdmission admission) {
  if (admission == NtpAdmission::kiss) kiss(reply);
  if (admission == NtpAdmission::ignore) reply.outcome = NtpOutcome::limited;
}

void NtpResponder::answer_interleaved(const NtpPacket& request, NtpReply& reply) {
  reply.wants_sent_time = true;
  const auto sent = sent_times_.find(request.originate_time);
  if (!sent) return;
  reply.outcome = NtpOutcome::interleaved;
  reply.packet.originate_time = request.receive_time;
  reply.packet.transmit_time = *sent;
}

std::size_t NtpResponder::complete(NtpReply& reply, WallTime sent_at, MutableBytes out) {
  const NtpTimestamp stamp = transmit_stamp(sent_at);
  const Duration waited = stamp - reply.packet.receive_time;
  if (waited < -kClockSlack) {
    reply.outcome = NtpOutcome::clock_was_set;
    return 0;
  }
  if (reply.outcome != NtpOutcome::interleaved) {
    const std::uint64_t received = reply.packet.receive_time.value;
    const bool is_later = static_cast<std::int64_t>(stamp.value - received) > 0;
    reply.packet.transmit_time = is_later ? stamp : NtpTimestamp{received + 1};
  }
  if (reply.wants_sent_time) expect_sent(reply.packet.receive_time);
  encode_ntp(reply.packet, out.first<NtpPacket::kBytes>());
  if (reply.key == nullptr) return NtpPacket::kBytes;
  const auto mac = reply.key->seal(out.first(NtpPacket::kBytes), out.subspan(NtpPacket::kBytes));
  if (mac) return NtpPacket::kBytes + mac->size();
  reply.outcome = NtpOutcome::not_authenticated;
  return 0;
}

void NtpResponder::note_sent(Bytes sent, WallTime sent_at) {
  // Headers of the link may precede the reply, so only its end is at a known place.
  for (const std::size_t size : kReplySizes) {
    if (sent.size() < size) return;
    const auto reply = decode_ntp(sent.last(size));
    if (!reply) continue;
    const auto found = std::ranges::find(leaving_, reply->packet.receive_time);
    if (found == leaving_.end()) continue;
    sent_times_.note(*found, transmit_stamp(sent_at));
    leaving_.erase(found);
    return;
  }
}

void NtpResponder::note_clock_set(WallTime noticed_at) {
  valid_from_ = noticed_at;
  sent_times_.clear();
  leaving_.clear();
  last_receive_ = {};
}

/// Adds a reply that note_sent() expects. The system may never report when it left.
void NtpResponder::expect_sent(NtpTimestamp receive_time) {
  if (leaving_.size() == kLeavingMax) leaving_.erase(leaving_.begin());
  leaving_.push_back(receive_time);
}

NtpTimestamp NtpResponder::receive_stamp(WallTime received_at) {
  // A clock that was set back by more than this gets no help: the times would be wrong.
  constexpr Duration kBumpMax = std::chrono::milliseconds(1);
  NtpTimestamp stamp{NtpTimestamp::of(received_at).value | kOdd};
  const Duration since = stamp - last_receive_;
  const bool is_taken = static_cast<std::int64_t>(stamp.value - last_receive_.value) <= 0;
  if (last_receive_.is_set() && is_taken && since > -kBumpMax)
    stamp.value = last_receive_.value + 2;
  last_receive_ = stamp;
  return stamp;
}

NtpTimestamp NtpResponder::transmit_stamp(WallTime sent_at) {
  const std::uint64_t exact = NtpTimestamp::of(sent_at).value & ~kOdd;
  return {(exact & ~fuzz_mask_) | (random_() & fuzz_mask_)};
}

}  // namespace hotline::services

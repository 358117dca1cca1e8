#include "services/ntp_association.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "services/clock_watch.h"
#include "services/ntp_clock_state.h"

namespace hotline::services {
namespace {

/// The error of one reading of a clock.
constexpr Duration kPrecision(60);
/// A server's clock may be corrected by so much between two exchanges.
constexpr Duration kUnnoticed = std::chrono::milliseconds(5);
/// Results are rounded to nanoseconds.
constexpr Duration kRounding(2);

Duration precision_of(std::int8_t exponent) {
  constexpr int kNoneBelow = -30;  // One nanosecond.
  constexpr int kNoneAbove = 4;    // 16 seconds, at which a server is not synchronised.
  const int used = std::clamp<int>(exponent, kNoneBelow, kNoneAbove);
  return Duration(static_cast<std::int64_t>(std::ceil(std::ldexp(1e9, used))));
}

NtpServerState state_of(const NtpPacket& packet, WallTime near) {
  NtpServerState state;
  state.leap = packet.leap;
  state.version = packet.version;
  state.stratum = packet.stratum;
  state.precision = packet.precision;
  state.root_delay = packet.root_delay.duration();
  state.root_dispersion = packet.root_dispersion.duration();
  state.reference_id = packet.reference_id;
  if (packet.reference_time.is_set()) {
    state.reference_time = packet.reference_time.nearest_to(near);
  }
  return state;
}

/// Returns why the times that a server gives cannot be right, or nothing.
std::string_view contradiction_in(const NtpPacket& packet) {
  if (!packet.receive_time.is_set() || !packet.transmit_time.is_set()) return "lacks a time";
  if (packet.root_delay.duration() / 2 + packet.root_dispersion.duration() >=
      NtpClockState::kDistanceMax) {
    return "says that the clock may be wrong by 16 s or more";
  }
  // An interleaved reply has an earlier transmit time, and a clock may be updated in between.
  const bool is_ahead = packet.reference_time.is_set() &&
                        packet.reference_time - packet.transmit_time > Duration::zero() &&
                        packet.reference_time - packet.receive_time > Duration::zero();
  return is_ahead ? "says that the clock was set in its future" : std::string_view();
}

}  // namespace

Duration ntp_drift(Duration duration) {
  // Divided first: a duration may be any length.
  return duration / 1'000'000 * NtpClockState::kDriftPerMillion +
         Duration(NtpClockState::kDriftPerMillion);
}

Result<Bytes> NtpAssociation::begin(const NtpCookies& cookies, const ClockReading& now) {
  if (previous_ && was_wall_clock_set(previous_->read, now)) {
    ++counts_.clock_sets;
    previous_.reset();
  }
  NtpPacket packet;
  packet.version = options_.version;
  packet.mode = NtpMode::client;
  packet.transmit_time = cookies.transmit;
  if (options_.mode == NtpExchangeMode::interleaved && previous_) {
    packet.originate_time = previous_->server_received;
    packet.receive_time = cookies.receive;
  }
  const auto header = std::span(request_).first<NtpPacket::kBytes>();
  encode_ntp(packet, header);
  Bytes request = header;
  if (options_.key != nullptr) {
    const auto mac = options_.key->seal(header, std::span(request_).subspan(header.size()));
    if (!mac) return fail(mac.error());
    request = Bytes(request_).first(header.size() + mac->size());
  }
  cookies_ = cookies;
  begun_ = now;
  sent_at_ = now.wall;
  is_open_ = true;
  ++counts_.sent;
  return request;
}

void NtpAssociation::give_up() {
  if (is_open_) ++counts_.lost;
  is_open_ = false;
}

NtpFinding NtpAssociation::drop(std::uint64_t& count, std::string_view reason) {
  ++count;
  return {NtpVerdict::dropped, reason, {}};
}

NtpFinding NtpAssociation::close(NtpVerdict verdict, std::string_view reason) {
  is_open_ = false;
  switch (verdict) {
    case NtpVerdict::sample: ++counts_.samples; break;
    case NtpVerdict::unusable: ++counts_.unusable; break;
    case NtpVerdict::clock_set: ++counts_.clock_sets; break;
    default: ++counts_.refusals;
  }
  return {verdict, reason, {}};
}

/// Returns the mode of a reply to the open request, or nullopt if it is not the reply to that.
std::optional<NtpExchangeMode> NtpAssociation::mode_of(const NtpPacket& packet) const {
  if (!is_open_) return std::nullopt;
  if (packet.originate_time == cookies_.transmit) return NtpExchangeMode::basic;
  const bool is_interleaved = options_.mode == NtpExchangeMode::interleaved && previous_ &&
                              packet.originate_time == cookies_.receive;
  return is_interleaved ? std::optional(NtpExchangeMode::interleaved) : std::nullopt;
}

NtpFinding NtpAssociation::take(Bytes datagram, std::optional<WallTime> received_at,
                                const ClockReading& read) {
  const auto reply = decode_ntp(datagram);
  if (!reply) return drop(counts_.malformed, reply.error());
  if (reply->packet.mode != NtpMode::server) {
    return drop(counts_.malformed, "is not that of a server");
  }
  const auto mode = mode_of(reply->packet);
  if (!mode) return drop(counts_.foreign, "does not belong to the request");
  if (reply->packet.version > options_.version) {
    return drop(counts_.malformed, "has a later version than the request");
  }
  if (options_.key != nullptr && !options_.key->verify(*reply)) {
    if (reply->mac && reply->mac->is_crypto_nak()) {
      return close(NtpVerdict::key_refused, "says that the key is wrong");
    }
    return drop(counts_.unverified, "has no MAC of the key");
  }
  return take_reply(*reply, *mode, received_at, read);
}

/// Returns the finding for a reply with which the server refuses to give the time.
std::optional<NtpFinding> NtpAssociation::find_refusal(const NtpPacket& packet) {
  if (packet.stratum == 0) {
    switch (packet.reference_id) {
      case kNtpKissRate: return close(NtpVerdict::rate, "asks for fewer requests (RATE)");
      case kNtpKissDeny: return close(NtpVerdict::denied, "refuses to serve this machine (DENY)");
      case kNtpKissRestrict:
        return close(NtpVerdict::denied, "refuses to serve this machine (RSTR)");
      default:
        return close(NtpVerdict::unsynchronised,
                     "says that the server's clock is not synchronised (stratum 0)");
    }
  }
  if (packet.leap == NtpLeap::unsynchronised) {
    return close(NtpVerdict::unsynchronised,
                 "says that the server's clock is not synchronised (leap indicator 3)");
  }
  if (packet.stratum <= NtpPacket::kStratumMax) return std::nullopt;
  return close(NtpVerdict::unsynchronised,
               "says that the server's clock is not synchronised (stratum above 15)");
}

NtpFinding NtpAssociation::take_reply(const NtpDatagram& reply, NtpExchangeMode mode,
                                      std::optional<WallTime> received_at,
                                      const ClockReading& read) {
  if (const auto refusal = find_refusal(reply.packet)) return *refusal;
  const std::string_view wrong = contradiction_in(reply.packet);
  if (!wrong.empty()) return close(NtpVerdict::unusable, wrong);
  const Complete current{sent_at_, received_at.value_or(read.wall), reply.packet.receive_time, read,
                         wall_clock_error(begun_, read)};
  const bool are_in_order = begun_.wall <= current.sent_at &&
                            current.sent_at <= current.received_at &&
                            current.received_at <= read.wall;
  if (was_wall_clock_set(begun_, read) || !are_in_order) {
    previous_.reset();
    return close(NtpVerdict::clock_set, "came after the clock of this machine was set");
  }
  NtpFinding finding = measure(reply, mode, current);
  previous_.reset();
  if (finding.verdict == NtpVerdict::sample) previous_ = current;
  return finding;
}

NtpFinding NtpAssociation::measure(const NtpDatagram& reply, NtpExchangeMode mode,
                                   const Complete& current) {
  const Complete& timed = mode == NtpExchangeMode::interleaved ? *previous_ : current;
  const WallTime server_received = timed.server_received.nearest_to(timed.sent_at);
  const WallTime server_sent = reply.packet.transmit_time.nearest_to(timed.sent_at);
  const Duration elapsed = timed.received_at - timed.sent_at;
  const Duration held = server_sent - server_received;
  NtpSample sample;
  sample.offset = ((server_received - timed.sent_at) + (server_sent - timed.received_at)) / 2;
  sample.dispersion = kPrecision + precision_of(reply.packet.precision) + ntp_drift(elapsed) +
                      timed.clock_error + kRounding;
  if (held < Duration::zero()) {
    return close(NtpVerdict::unusable, "was sent before the request arrived");
  }
  if (elapsed - held < -sample.dispersion) {
    return close(NtpVerdict::unusable, "took longer to make than it took to come");
  }
  sample.delay = std::max(elapsed - held, kPrecision);
  if (mode == NtpExchangeMode::interleaved) {
    sample.dispersion += ntp_drift(current.read.monotonic - timed.read.monotonic) +
                         wall_clock_error(timed.read, current.read);
    // A sample is of the earlier exchange, and the server's clock may have been set since.
    const Duration forward =
        current.server_received.nearest_to(current.sent_at) - current.sent_at - sample.offset;
    const Duration slack = sample.error_max() + kUnnoticed;
    if (forward < -slack || forward > current.received_at - current.sent_at + slack) {
      return close(NtpVerdict::unusable, "shows that the server's clock was set");
    }
  }
  sample.mode = mode;
  sample.is_authenticated = options_.key != nullptr;
  sample.server = state_of(reply.packet, server_sent);
  sample.taken_at = current.read;
  NtpFinding finding = close(NtpVerdict::sample, {});
  finding.sample = sample;
  return finding;
}

}  // namespace hotline::services

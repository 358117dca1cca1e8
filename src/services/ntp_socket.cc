#include "services/ntp_socket.h"

#include <algorithm>
#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/clock_status.h"
#include "hotline/engine/random.h"
#include "hotline/engine/task_group.h"
#include "services/clock_watch.h"

namespace hotline::services {
namespace {

/// How often the clock is read, and its source asked for the state.
constexpr Duration kRefresh = std::chrono::seconds(1);

/// How often a socket warns of lost requests at most.
constexpr Duration kWarnings = std::chrono::minutes(1);

/// Of the requests of a source over its rate one in so many is answered, at random, so that a
/// sender that forges its address cannot cut it off.
constexpr std::uint64_t kLeak = 4;

/// The transmit times of replies that are sent with one system call are read before it: a later
/// time than the true one would give clients a wrong offset, an earlier one only a longer delay. So
/// a call sends few of them. Those to one client in a row count as one: many leave as a train, and
/// a client that asks so fast does not measure by each.
constexpr std::size_t kGroup = 8;

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  random_bytes(std::as_writable_bytes(std::span(&seed, 1)));
  return seed;
}

/// The state of a clock that is set from a server which takes its time from `own`.
NtpClockReport loop_through(const Endpoint& own) {
  return {.reason = "the clock is set by a server that takes its time from " + own.to_string() +
                    ", which is this server",
          .hint = "remove this server from the sources of the program that sets the clock"};
}

std::string describe(const NtpPacket& clock) {
  return "stratum " + std::to_string(clock.stratum) + ", at most " +
         std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(
                            clock.root_dispersion.duration() + clock.root_delay.duration() / 2)
                            .count()) +
         " us wrong";
}

}  // namespace

NtpSocket::NtpSocket(NtpServer& server, DatagramSocket& socket)
    : server_(server),
      socket_(socket),
      responder_({.precision = ntp_precision(clock_granularity()), .seed = random_seed()}),
      random_(random_seed()),
      is_leader_(server.take_lead()) {
  ++server_.sockets;
  take_new_keys();
}

NtpSocket::~NtpSocket() {
  publish_counts();
  if (is_leader_) server_.has_leader = false;
  if (--server_.sockets > 0) return;
  std::string detail;
  const auto add = [&](std::string_view name, std::uint64_t count) {
    if (count == 0) return;
    detail.append(detail.empty() ? "" : ", ")
        .append(name)
        .append(" ")
        .append(std::to_string(count));
  };
  for (std::size_t i = 0; i < kNtpOutcomes; ++i) {
    add(name_of(static_cast<NtpOutcome>(i)), server_.counts[i]);
  }
  add("unsent", server_.unsent);
  add("lost", server_.lost);
  if (!detail.empty()) log(LogLevel::info, "requests", std::move(detail));
}

void NtpSocket::run() {
  // Without the kernel's times those of this program have to do.
  if (!socket_.note_times(TimestampUse::received_and_sent)) {
    discard(socket_.note_times(TimestampUse::received));
  }
  last_reading_ = read_clocks();
  refresh(last_reading_);
  if (server_.source->may_change()) {
    TaskGroup group({.on_throw = OnThrow::cancels_others});
    group.spawn("watch the clock", [&] { watch(group); }).value();
    group.spawn("answer", [this] { serve(); }).value();
    discard(group.join());
  } else {
    serve();
  }
  // The socket counts on if this is called again after a failure.
  note_lost();
  server_.lost += lost_;
}

/// The leader follows the clock, and reports changes also while no request comes. If it ends, or
/// its handler pauses after a failure, another socket takes the lead.
void NtpSocket::watch(TaskGroup& group) {
  bool is_following = false;
  do {
    if (!is_leader_) is_leader_ = server_.take_lead();
    if (!is_leader_) continue;
    if (!std::exchange(is_following, true)) {
      group.spawn("follow the clock", [this] { server_.source->follow(); }).value();
    }
    observe(read_clocks());
  } while (sleep_for(kRefresh, OnDrain::ends));
}

void NtpSocket::serve() {
  for (;;) {
    auto requests = socket_.receive_batch();
    if (!requests) {
      const ErrorKind kind = requests.error().kind;
      if (kind == ErrorKind::draining || kind == ErrorKind::cancelled) return;
    }
    answer(requests.value());
  }
}

void NtpSocket::answer(std::span<const Datagram> requests) {
  const ClockReading reading = read_clocks();
  observe(reading);
  take_new_keys();
  note_sent();
  pending_.clear();
  for (const Datagram& each : requests) decide(each, reading);
  for (auto rest = std::span(pending_); !rest.empty();) {
    const std::size_t count = group_of(rest);
    if (!complete(rest.first(count), reading)) return refuse(rest);
    send();
    rest = rest.subspan(count);
  }
}

/// Returns how many of `replies`, from the first on, leave with one system call.
std::size_t NtpSocket::group_of(std::span<const Pending> replies) {
  std::size_t trains = 1;
  for (std::size_t i = 1; i < replies.size(); ++i) {
    const Pending& last = replies[i - 1];
    const bool is_alone = last.reply.wants_sent_time || replies[i].reply.wants_sent_time;
    const bool is_next =
        is_alone || !(replies[i].request->route->peer == last.request->route->peer);
    if (is_next && ++trains > kGroup) return i;
  }
  return replies.size();
}

/// The clock was set: the times of these requests are of the other clock.
void NtpSocket::refuse(std::span<const Pending> replies) {
  for (std::size_t i = 0; i < replies.size(); ++i) count(NtpOutcome::clock_was_set);
}

void NtpSocket::observe(const ClockReading& reading) {
  if (was_wall_clock_set(last_reading_, reading)) note_clock_set(reading);
  last_reading_ = reading;
  if (reading.monotonic - refreshed_at_ >= kRefresh) refresh(reading);
}

void NtpSocket::decide(const Datagram& datagram, const ClockReading& reading) {
  const NtpRequest request{.bytes = datagram.is_truncated ? Bytes() : Bytes(datagram.bytes),
                           .received_at = datagram.received_at.value_or(reading.wall),
                           .port = datagram.route->port()};
  NtpReply reply = responder_.decide(request, clock_);
  if (reply.is_sent() && server_.source->is_own_request(reply.packet.originate_time)) {
    reply.outcome = NtpOutcome::own_request;
  }
  // Only a good request costs its source a token.
  if (reply.is_sent()) responder_.limit(reply, admit(datagram.route->peer, reading.monotonic));
  if (!reply.is_sent()) return count(reply.outcome);
  pending_.push_back({reply, &datagram});
}

/// Returns false if the clock was set since `reading`.
bool NtpSocket::complete(std::span<Pending> replies, const ClockReading& reading) {
  outgoing_.clear();
  const ClockReading sending = read_clocks();
  if (was_wall_clock_set(reading, sending)) {
    observe(sending);
    return false;
  }
  for (Pending& each : replies) {
    const MutableBytes bytes = each.request->bytes;
    const std::size_t size = responder_.complete(each.reply, sending.wall, bytes);
    count(each.reply.outcome);
    if (size == 0) continue;
    outgoing_.push_back(
        {.bytes = bytes.first(size),
         .route = each.request->route,
         .sent_time = each.reply.wants_sent_time ? SentTime::wanted : SentTime::unwanted});
  }
  return true;
}

void NtpSocket::send() {
  if (outgoing_.empty()) return;
  // A reply that cannot be sent is lost, as any datagram may be.
  unsent_ += outgoing_.size() - socket_.send_batch(outgoing_).value_or(0);
  note_sent();
}

void NtpSocket::take_new_keys() {
  const std::uint64_t version = server_.keys_version;
  if (version == keys_version_) return;
  keys_version_ = version;
  keys_ = server_.get_keys();
  responder_.use_keys(keys_.get());
}

/// Notes how many datagrams have come while the queue of the socket was full, and warns of them.
void NtpSocket::note_lost() {
  const std::uint32_t lost = socket_.lost_datagrams().value_or(lost_);
  if (lost == lost_) return;
  lost_ = lost;
  const Instant time = now();
  if (warned_at_ && time - *warned_at_ < kWarnings) return;
  warned_at_ = time;
  log(LogLevel::warning, "requests are lost",
      std::to_string(lost) +
          " so far, because they come faster than they are answered; hint: use more loops and "
          "cores, or a larger queue: receive-buffer=");
}

void NtpSocket::note_sent() {
  while (responder_.expects_sent()) {
    const auto sent = socket_.take_sent();
    if (!sent || sent->empty()) return;
    for (const SentDatagram& each : *sent) responder_.note_sent(each.bytes, each.sent_at);
  }
}

void NtpSocket::note_clock_set(const ClockReading& reading) {
  responder_.note_clock_set(reading.wall);
  refresh(reading);
  log(LogLevel::warning, "the clock was set", "requests that had arrived before are not answered");
}

NtpAdmission NtpSocket::admit(const SocketAddress& source, Instant now) {
  if (server_.rates.allow(source, now)) return NtpAdmission::answer;
  if (random_() % kLeak == 0) return NtpAdmission::answer;
  return server_.options.over_rate == NtpOverRate::kissed ? NtpAdmission::kiss
                                                          : NtpAdmission::ignore;
}

void NtpSocket::refresh(const ClockReading& reading) {
  refreshed_at_ = reading.monotonic;
  NtpClockReport clock = server_.source->report(reading);
  if (follows_itself(clock.state)) clock = loop_through(socket_.endpoint());
  describe_ntp_clock(clock.state, reading.wall, clock_);
  if (is_leader_) report(clock);
  publish_counts();
  note_lost();
}

/// RFC 5905: a reference id that is an address of the server shows a loop. It is looked up once,
/// not with each update.
bool NtpSocket::follows_itself(const NtpClockState& state) {
  if (state.reference_id != checked_reference_) {
    checked_reference_ = state.reference_id;
    is_own_reference_ =
        is_ipv4_reference(state.reference_id) && socket_.has_ipv4(state.reference_id);
  }
  return state.stratum > 1 && is_own_reference_;
}

void NtpSocket::report(const NtpClockReport& clock) {
  if (server_.reported == clock.reason) return;
  if (clock.reason.empty()) {
    log(LogLevel::info, "the clock is synchronised", describe(clock_));
  } else {
    log(LogLevel::warning, "the clock is not synchronised, and replies say so",
        clock.reason + (clock.hint.empty() ? "" : "; hint: " + clock.hint));
  }
  server_.reported = clock.reason;
}

void NtpSocket::log(LogLevel level, std::string_view message, std::string detail) const {
  LogSink* const sink = server_.options.log;
  if (sink == nullptr || !sink->wants(level)) return;
  sink->write({.level = level,
               .message = message,
               .service = "ntp",
               .endpoint = socket_.endpoint().to_string(),
               .peer = {},
               .detail = std::move(detail)});
}

void NtpSocket::publish_counts() {
  for (std::size_t i = 0; i < kNtpOutcomes; ++i) server_.counts[i] += std::exchange(counts_[i], 0);
  server_.unsent += std::exchange(unsent_, 0);
}

}  // namespace hotline::services

#include "hotline/services/ntp_client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/random.h"
#include "hotline/net/datagram_socket.h"
#include "services/ntp_association.h"
#include "services/ntp_keys.h"
#include "services/ntp_selection.h"

namespace hotline {
namespace {

using services::NtpAssociation;
using services::NtpAssociationOptions;
using services::NtpCookies;
using services::NtpFinding;
using services::NtpKey;
using services::NtpKeys;
using services::NtpPacket;
using services::NtpTimestamp;
using services::NtpVerdict;

constexpr std::string_view kAskForTime = "get the time from";
/// The longest interval that RATE leads to.
constexpr Duration kIntervalMax = std::chrono::seconds(1024);
constexpr Duration kIntervalMin = std::chrono::milliseconds(1);
constexpr std::size_t kSamplesMax = 10'000;
constexpr std::size_t kReplyBytesMax = 2048;
/// How often a request is repeated because the clock was set.
constexpr int kClockSetsMax = 3;
constexpr int kLossesMax = 3;
/// The exchanges of the interleaved mode that come before its first sample.
constexpr std::size_t kInterleavedStart = 2;

Result<void> check(const NtpClientOptions& options) {
  std::string_view wrong;
  if (options.samples < 1 || options.samples > kSamplesMax) {
    wrong = "the number of samples is not from 1 to 10000";
  } else if (options.interval < kIntervalMin || options.interval > std::chrono::hours(24 * 365)) {
    wrong = "the interval is not from 1 ms to a year";
  } else if (options.version < NtpPacket::kVersionMin || options.version > NtpPacket::kVersionMax) {
    wrong = "the version is not from 1 to 4";
  } else if (options.reply_timeout <= Duration::zero()) {
    wrong = "the timeout is not positive";
  }
  if (wrong.empty()) return {};
  return fail(make_error(ErrorKind::invalid_argument, "ask a time server", {}, std::string(wrong)));
}

/// Returns the key that `choice` names, or null without one.
Result<std::unique_ptr<NtpKey>> read_key(const std::optional<NtpKeyChoice>& choice) {
  if (!choice) return nullptr;
  const auto keys = NtpKeys::read(choice->file);
  if (!keys) return fail(keys.error());
  if (const NtpKey* key = keys->find(choice->id)) return std::make_unique<NtpKey>(*key);
  return fail(make_error(ErrorKind::invalid_argument, "read", choice->file,
                         "there is no key " + std::to_string(choice->id) + " in it",
                         "the number is the first word of a line"));
}

NtpTimestamp random_timestamp() {
  NtpTimestamp made;
  while (!made.is_set()) random_bytes(std::as_writable_bytes(std::span(&made.value, 1)));
  return made;
}

NtpCookies random_cookies() {
  NtpCookies cookies{random_timestamp(), random_timestamp()};
  while (cookies.receive == cookies.transmit) cookies.receive = random_timestamp();
  return cookies;
}

/// Returns the error for a reply that gives no sample.
Error error_of(const NtpFinding& finding, const std::string& server) {
  const auto refused = [&](ErrorKind kind, std::string advice) {
    return make_error(kind, kAskForTime, server, "the reply " + std::string(finding.reason),
                      std::move(advice));
  };
  switch (finding.verdict) {
    case NtpVerdict::rate:
      return refused(ErrorKind::resource_exhausted, "wait, and use a longer interval");
    case NtpVerdict::denied: return refused(ErrorKind::permission_denied, "ask another server");
    case NtpVerdict::key_refused:
      return refused(ErrorKind::permission_denied,
                     "both sides need the same key under the same number");
    case NtpVerdict::unsynchronised:
      return refused(ErrorKind::unsupported,
                     "ask another server, or wait until it is synchronised");
    case NtpVerdict::clock_set:
      return refused(ErrorKind::system, "something sets this machine's clock again and again");
    default:
      return refused(ErrorKind::protocol_violation,
                     "the server's clock may have been set in between: ask again");
  }
}

bool is_final(ErrorKind kind) {
  return kind != ErrorKind::timed_out && kind != ErrorKind::resource_exhausted &&
         kind != ErrorKind::protocol_violation && kind != ErrorKind::system;
}

/// Returns the endpoint of an NTP server.
Result<Endpoint> parse_server(std::string_view uri) {
  auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return endpoint;
  const auto refuse = [&](std::string detail) {
    return fail(make_error(ErrorKind::invalid_argument, kAskForTime, endpoint->to_string(),
                           std::move(detail), "write HOST, HOST:PORT or udp://HOST:PORT"));
  };
  if (endpoint->transport() != Transport::udp) return refuse("NTP servers are asked over udp");
  if (endpoint->host().empty()) return refuse("it has no host");
  if (endpoint->port() == 0) return refuse("no server can be asked at port 0");
  return endpoint;
}

}  // namespace

struct NtpClient::State {
  State(DatagramSocket connected, std::unique_ptr<NtpKey> own_key, const NtpClientOptions& asked)
      : options(asked),
        interval(asked.interval),
        key(std::move(own_key)),
        socket(std::move(connected)),
        association({asked.version, asked.mode, key.get()}) {}

  Result<NtpFinding> ask_once();
  Result<NtpFinding> await_reply(Bytes request);
  void note_sent_time(Bytes request);
  Error no_reply(const NtpCounts& before) const;
  std::string server() const { return socket.endpoint().to_string(); }

  NtpClientOptions options;
  Duration interval;  ///< Longer than that of the options if the server has asked for it.
  std::unique_ptr<NtpKey> key;
  DatagramSocket socket;
  NtpAssociation association;
  std::atomic<std::uint64_t>* announced = nullptr;  ///< See NtpClientAccess.
};

Result<NtpFinding> NtpClient::State::ask_once() {
  const NtpCookies cookies = random_cookies();
  const auto request = association.begin(cookies, read_clocks());
  if (!request) return fail(request.error());
  if (announced != nullptr) *announced = cookies.transmit.value;
  auto finding = [&]() -> Result<NtpFinding> {
    if (auto sent = socket.send({*request, nullptr, SentTime::wanted}); !sent)
      return fail(std::move(sent.error()));
    return await_reply(*request);
  }();
  if (finding) return finding;
  if (finding.error().kind == ErrorKind::cancelled) {
    association.withdraw();
  } else {
    association.give_up();
  }
  return finding;
}

Result<NtpFinding> NtpClient::State::await_reply(Bytes request) {
  const NtpCounts before = association.counts();
  const Deadline deadline = deadline_after(options.reply_timeout);
  for (;;) {
    const auto datagram = socket.receive(deadline);
    const ClockReading read = read_clocks();
    if (datagram) {
      note_sent_time(request);
      const NtpFinding finding = association.take(datagram->bytes, datagram->received_at, read);
      if (finding.verdict != NtpVerdict::dropped) return finding;
    } else if (datagram.error().kind != ErrorKind::timed_out) {
      return fail(datagram.error());
    }
    // Also while datagrams keep coming that are not the reply.
    if (!datagram || deadline.has_passed(read.monotonic)) return fail(no_reply(before));
  }
}

/// Without a time of the kernel, the association keeps the time before the send.
void NtpClient::State::note_sent_time(Bytes request) {
  const auto sent = socket.take_sent();
  if (!sent) return;
  for (const SentDatagram& each : *sent) {
    if (as_text(each.bytes).ends_with(as_text(request))) association.note_sent(each.sent_at);
  }
}

Error NtpClient::State::no_reply(const NtpCounts& before) const {
  const NtpCounts& counts = association.counts();
  std::string detail = "no reply in time";
  std::string advice = "does an NTP server run there, and does the network let UDP pass?";
  if (counts.unverified > before.unverified) {
    detail += " has a MAC of the key";
    advice = "both sides need the same key under the same number";
  } else if (counts.foreign + counts.malformed > before.foreign + before.malformed) {
    detail += ", but other datagrams came";
    advice = "is it an NTP server? otherwise someone forges replies, or they come too late";
  } else if (key) {
    advice = "a server does not answer if it does not know the key";
  }
  return make_error(ErrorKind::timed_out, kAskForTime, server(), std::move(detail),
                    std::move(advice));
}

NtpClient::NtpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
NtpClient::NtpClient(NtpClient&&) noexcept = default;
NtpClient& NtpClient::operator=(NtpClient&&) noexcept = default;
NtpClient::~NtpClient() = default;

std::string NtpClient::uri_of(std::string_view server) {
  if (server.contains("://")) return std::string(server);
  const std::size_t question = std::min(server.find('?'), server.size());
  std::string host(server.substr(0, question));
  const bool is_bare_ipv6 = !host.starts_with('[') && std::ranges::count(host, ':') > 1;
  if (is_bare_ipv6) host = "[" + host + "]";
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;
  const bool has_port = bracket != host.npos && host.find(':', bracket) != host.npos;
  if (!has_port) host += ":" + std::to_string(kPort);
  return "udp://" + host + std::string(server.substr(question));
}

Result<NtpClient> NtpClient::open(std::string_view uri, const NtpClientOptions& options) {
  if (auto checked = check(options); !checked) return fail(std::move(checked.error()));
  if (const auto parsed = parse_server(uri); !parsed) return fail(parsed.error());
  auto key = read_key(options.key);
  if (!key) return fail(std::move(key.error()));
  DatagramOptions datagrams;
  datagrams.datagram_bytes_max = kReplyBytesMax;
  datagrams.connect_timeout = options.connect_timeout;
  auto socket = connect_datagrams(uri, datagrams);
  if (!socket) return fail(std::move(socket.error()));
  // What the kernel does not note is read from the clock instead.
  if (!socket->note_times(TimestampUse::received_and_sent)) {
    discard(socket->note_times(TimestampUse::received));
  }
  return NtpClient(std::make_unique<State>(*std::move(socket), *std::move(key), options));
}

Result<NtpSample> NtpClient::ask() {
  for (int tries = 1;; ++tries) {
    auto finding = state_->ask_once();
    if (!finding) return fail(std::move(finding.error()));
    if (finding->sample) return *finding->sample;
    if (finding->verdict == NtpVerdict::clock_set && tries < kClockSetsMax) continue;
    if (finding->verdict == NtpVerdict::rate) {
      state_->interval = std::min(state_->interval * 2, std::max(kIntervalMax, state_->interval));
    }
    return fail(error_of(*finding, state_->server()));
  }
}

Duration NtpClient::interval() const { return state_->interval; }

Result<NtpReport> NtpClient::measure() {
  const NtpClientOptions& options = state_->options;
  const bool is_interleaved = options.mode == NtpExchangeMode::interleaved;
  const std::size_t wanted = options.samples + (is_interleaved ? kInterleavedStart : 0);
  std::vector<NtpSample> samples;
  for (int failures = 0;;) {
    const Instant begun = now();
    auto sample = ask();
    if (sample) {
      failures = 0;
      samples.push_back(*sample);
      if (samples.size() >= wanted) return report_on(samples);
    } else if (is_final(sample.error().kind) || ++failures >= kLossesMax) {
      return report_early(samples, sample.error());
    }
    if (auto slept = sleep_until(Deadline::after(begun, interval())); !slept) {
      return report_early(samples, slept.error());
    }
  }
}

/// The report of a measurement that `reason` has ended.
Result<NtpReport> NtpClient::report_early(const std::vector<NtpSample>& samples,
                                          const Error& reason) const {
  // A server that is not synchronised any more may have been wrong before.
  if (samples.empty() || reason.kind == ErrorKind::unsupported) return fail(reason);
  auto report = report_on(samples);
  if (report) report->ended_early = reason;
  return report;
}

Result<NtpReport> NtpClient::report_on(const std::vector<NtpSample>& samples) const {
  const ClockReading now = read_clocks();
  auto usable = services::usable_ntp_samples(samples, now);
  if (usable.empty()) {
    return fail(make_error(ErrorKind::system, kAskForTime, state_->server(),
                           "the clock of this machine was set after the last reply", "ask again"));
  }
  auto report = services::report_on_ntp(std::move(usable), now);
  if (!report) {
    return fail(make_error(ErrorKind::protocol_violation, kAskForTime, state_->server(),
                           "the replies contradict each other",
                           "the server's clock may have been set in between: ask again"));
  }
  report->counts = counts();
  return *std::move(report);
}

void NtpClient::announce_requests(std::atomic<std::uint64_t>& number) {
  state_->announced = &number;
}

const NtpCounts& NtpClient::counts() const { return state_->association.counts(); }

const Endpoint& NtpClient::server() const { return state_->socket.endpoint(); }

}  // namespace hotline

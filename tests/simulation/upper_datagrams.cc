#include <map>
#include <set>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/server/server.h"
#include "hotline/services/upper.h"
#include "simulation/upper_scenario.h"

namespace simulation {
namespace {

using hotline::Concurrency;
using hotline::Fault;

constexpr std::size_t kCallers = 5;
constexpr std::size_t kRequests = 60;
constexpr std::size_t kEmptyRequests = kRequests / 5;  ///< For one caller.

/// The requests and replies of one caller.
struct Conversation {
  std::multiset<std::string> expected;
  std::size_t answered = 0;
  std::size_t unexpected = 0;
};

struct Tally : Verdict {
  std::size_t asked = 0;
  std::size_t answered = 0;
  std::size_t answered_texts = 0;  ///< The number of these that are not empty.
};

/// The bytes identify the sender, so that a reply to another caller cannot pass for the right one.
std::string request_of(std::size_t caller, std::size_t number) {
  if (caller == 1 && number % 5 == 4) return {};
  const std::string fill(number * number * 13 % 1200, static_cast<char>('a' + caller));
  return "from " + std::to_string(caller) + " number " + std::to_string(number) + " " + fill;
}

/// Returns true for a reply in which the network changed a byte: it changed the case of a letter,
/// which looks like the work of upper, or another bit.
bool is_corrupted(const std::string& reply, const std::multiset<std::string>& expected) {
  for (const std::string& each : expected) {
    if (each.size() != reply.size()) continue;
    std::size_t differing = 0;
    for (std::size_t i = 0; i < reply.size(); ++i) differing += each[i] == reply[i] ? 0 : 1;
    // In one direction, and in the other.
    if (differing <= 2) return true;
  }
  return false;
}

void take_reply(const std::string& reply, const hotline::FaultPlan& plan, Conversation& talk,
                const std::multiset<std::string>& all, Tally& tally) {
  const auto found = talk.expected.find(reply);
  if (found != talk.expected.end()) {
    talk.expected.erase(found);
    ++talk.answered;
    tally.answered_texts += reply.empty() ? 0 : 1;
    return;
  }
  const bool may_be_double = plan.per_million(Fault::datagram_duplication) > 0;
  if (may_be_double && all.contains(reply)) return;
  if (plan.per_million(Fault::datagram_corruption) > 0 && is_corrupted(reply, all)) return;
  tally.blame("a reply without a request: " + hotline::escape(hotline::as_bytes(reply), 60));
}

void run_caller(const std::string& uri, std::size_t caller, const hotline::FaultPlan& plan,
                Tally& tally) {
  auto endpoint = hotline::Endpoint::parse(uri);
  auto socket = hotline::connect_datagrams(*endpoint);
  if (!socket) return;
  Conversation talk;
  std::multiset<std::string> all;
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::string request = request_of(caller, i);
    all.insert(upper_cased(request));
    talk.expected.insert(upper_cased(request));
    if (!socket->send({hotline::as_bytes(request), nullptr})) continue;
    ++tally.asked;
    const auto reply = socket->receive(
        hotline::deadline_after(std::chrono::milliseconds(caller % 2 == 0 ? 50 : 5)));
    if (reply) take_reply(std::string(hotline::as_text(reply->bytes)), plan, talk, all, tally);
  }
  // Late replies arrive now.
  for (;;) {
    const auto reply = socket->receive(hotline::deadline_after(std::chrono::minutes(1)));
    if (!reply && reply.error().kind != hotline::ErrorKind::resource_exhausted) break;
    if (reply) take_reply(std::string(hotline::as_text(reply->bytes)), plan, talk, all, tally);
  }
  tally.answered += talk.answered;
}

/// Waits before it answers some messages, so that dispatch fibers take over from each other.
hotline::Reply slow_upper(const hotline::Message& message) {
  if (message.bytes().size() % 3 == 0) {
    const auto pause = std::chrono::microseconds(message.bytes().size());
    if (!hotline::sleep_for(pause)) return {};
  }
  return hotline::upper_message(message);
}

void run_server(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::threads, 2},
                                    {Concurrency::Kind::loops, 1}};
  hotline::ServerOptions options;
  options.concurrency = kWords[seed % std::size(kWords)];
  options.signals = hotline::SignalUse::drain;
  options.limits.waiting_messages_max = seed % 4 == 0 ? 1 : 64;
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    const bool is_added =
        server.add("udp://:8000", slow_upper) && server.add("unixgram:///run/upper", slow_upper);
    if (!is_added || !server.bind()) continue;
    if (server.run()) return;
  }
}

}  // namespace

Findings send_upper(std::uint64_t seed) {
  const auto options = options_of(seed);
  hotline::sim::World world(seed, options);
  Tally tally;
  hotline::sim::Host server = world.host("server");
  server.run([&] { run_server(seed); });
  const std::string second = server.address(1);
  for (std::size_t i = 0; i < kCallers; ++i) {
    const bool is_local = i == 0;
    const std::string uri = is_local     ? "unixgram:///run/upper"
                            : i % 2 == 0 ? "udp://" + second + ":8000"
                                         : "udp://server:8000";
    hotline::sim::Host host = is_local ? server : world.host("caller" + std::to_string(i));
    host.run([&tally, uri, i, plan = options.faults] {
      if (!hotline::sleep_for(std::chrono::milliseconds(10))) return;
      run_caller(uri, i, plan, tally);
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  if (is_quiet(options.faults) && tally.answered_texts != kCallers * kRequests - kEmptyRequests) {
    tally.blame("only " + std::to_string(tally.answered_texts) +
                " texts were answered in a quiet world");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation

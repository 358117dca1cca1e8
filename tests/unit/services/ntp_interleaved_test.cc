#include "services/ntp_responder.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/scripted_ntp_server.h"

namespace hotline::services::ntp_interleaved_test {
namespace {

using namespace test;
using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// A client of the interleaved mode.
struct Interleaved {
  ScriptedNtpServer& server;
  AskedNtp asked{};
  WallTime now = kNtpNow;

  /// Sends a request; `sent_after` is how long after its arrival the reply really leaves.
  NtpExchange ask(Duration sent_after) {
    now += seconds(1);
    asked.transmit += 2;
    const auto reply = server.exchange(ntp_request(asked), now);
    // The system reports packets with the headers of link, IP and UDP.
    std::vector<std::byte> packet(42, std::byte{0x45});
    packet.insert(packet.end(), reply.bytes.begin(), reply.bytes.end());
    server.responder.note_sent(packet, now + sent_after);
    asked.originate = reply.packet.receive_time.value;
    asked.receive = 0x7000000000000000 + asked.transmit;
    return reply;
  }
};

TEST_CASE("the third reply to a client of the interleaved mode has the time of the second one") {
  ScriptedNtpServer server;
  Interleaved client{server};
  CHECK(client.ask(microseconds(30)).outcome == NtpOutcome::answered);
  const auto second = client.ask(microseconds(31));
  CHECK(second.outcome == NtpOutcome::answered);
  const std::uint64_t receive = client.asked.receive;
  const auto third = client.ask(microseconds(32));
  CHECK(third.outcome == NtpOutcome::interleaved);
  CHECK(third.packet.originate_time.value == receive);
  const Duration left = third.packet.transmit_time - NtpTimestamp::of(kNtpNow + seconds(2));
  CHECK(left > microseconds(31) - nanoseconds(120));
  CHECK(left <= microseconds(31) + nanoseconds(60));
  CHECK(third.packet.receive_time - NtpTimestamp::of(kNtpNow + seconds(3)) <= nanoseconds(1));
}

TEST_CASE("an interleaved client with a key is answered in that mode too") {
  const NtpKeys keys = some_ntp_keys();
  for (const NtpKey& key : keys.keys()) {
    ScriptedNtpServer server(&keys);
    AskedNtp asked;
    NtpOutcome outcome{};
    for (int i = 0; i < 3; ++i) {
      asked.transmit += 2;
      const auto reply = server.exchange(sealed_ntp(key, asked), kNtpNow + seconds(i));
      outcome = reply.outcome;
      server.responder.note_sent(reply.bytes, kNtpNow + seconds(i) + microseconds(5));
      asked.originate = reply.packet.receive_time.value;
      asked.receive = 0x7000000000000000;
    }
    CHECK(outcome == NtpOutcome::interleaved);
  }
}

TEST_CASE("a basic client is never answered in the interleaved mode, and wants no sent time") {
  ScriptedNtpServer server;
  AskedNtp asked;
  for (int i = 0; i < 5; ++i) {
    const auto bytes = ntp_request(asked);
    NtpReply reply = server.decide(bytes);
    CHECK_FALSE(reply.wants_sent_time);
    const auto got = server.exchange(bytes, kNtpNow + seconds(i));
    CHECK(got.outcome == NtpOutcome::answered);
    server.responder.note_sent(got.bytes, kNtpNow + seconds(i) + microseconds(5));
    asked = {.originate = got.packet.transmit_time.value, .receive = asked.transmit + 1};
  }
}

TEST_CASE("a request whose receive time is its transmit time, or 0, is basic") {
  ScriptedNtpServer server;
  Interleaved client{server};
  client.ask(microseconds(1));
  client.ask(microseconds(1));
  AskedNtp asked = client.asked;
  for (const std::uint64_t receive : {std::uint64_t{0}, asked.transmit}) {
    asked.receive = receive;
    CHECK(server.outcome_of(ntp_request(asked)) == NtpOutcome::answered);
  }
}

TEST_CASE("after the clock was set, an interleaved client gets basic replies first") {
  ScriptedNtpServer server;
  Interleaved client{server};
  client.ask(microseconds(1));
  client.ask(microseconds(1));
  server.responder.note_clock_set(client.now);
  CHECK(client.ask(microseconds(1)).outcome == NtpOutcome::answered);
  CHECK(client.ask(microseconds(1)).outcome == NtpOutcome::interleaved);
}

TEST_CASE("a reply whose sent time was not reported is followed by a basic one") {
  ScriptedNtpServer server;
  Interleaved client{server};
  client.ask(microseconds(1));
  const auto second = server.exchange(ntp_request(client.asked), kNtpNow + seconds(2));
  client.asked.originate = second.packet.receive_time.value;
  CHECK(client.ask(microseconds(1)).outcome == NtpOutcome::answered);
}

TEST_CASE("reports of other packets than replies are ignored") {
  ScriptedNtpServer server;
  server.responder.note_sent({}, kNtpNow);
  for (const std::size_t size : {1U, 47U, 48U, 68U, 72U, 200U}) {
    server.responder.note_sent(std::vector<std::byte>(size), kNtpNow);
  }
  Interleaved client{server};
  client.ask(microseconds(1));
  client.ask(microseconds(1));
  CHECK(client.ask(microseconds(1)).outcome == NtpOutcome::interleaved);
}

TEST_CASE("any number of replies whose sent times are never reported takes no memory") {
  ScriptedNtpServer server;
  AskedNtp asked{.originate = 1, .receive = 2};
  for (int i = 0; i < 1000; ++i) {
    const auto reply = server.exchange(ntp_request(asked), kNtpNow + seconds(i));
    CHECK(reply.outcome == NtpOutcome::answered);
  }
  Interleaved client{server, {}, kNtpNow + seconds(2000)};
  client.ask(microseconds(1));
  client.ask(microseconds(1));
  CHECK(client.ask(microseconds(1)).outcome == NtpOutcome::interleaved);
}

}  // namespace
}  // namespace hotline::services::ntp_interleaved_test

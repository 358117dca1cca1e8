#include "net/tls_layer.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/tls.h"
#include "support/tls_options.h"

namespace hotline::tls_layer_test {
namespace {

Psk key_of(std::string_view name) {
  return {.identity = std::string(name),
          .key = Secret(as_bytes(std::string(32, 'k'))),
          .name = std::string(name)};
}

/// Both ends of a connection, whose bytes are in memory.
struct Ends {
  Ends() {
    TlsOptions options;
    options.accepted = [](std::string_view identity) { return key_of(identity); };
    options.credential = [](std::string_view name, std::string_view) -> Result<Psk> {
      return key_of(name);
    };
    server = Tls::server(options).value().make_layer();
    client = Tls::client(options, "alice", "host").value().make_layer();
  }

  /// One end takes what the other has sent. `change` may tamper with it.
  static Result<bool> step(StreamLayer& layer, std::vector<std::byte>& in,
                           std::vector<std::byte>& out) {
    Bytes wire = in;
    auto opened = layer.open(wire, out);
    in.clear();
    return opened;
  }

  void open() {
    REQUIRE_FALSE(step(*client, to_client, to_server).value());
    REQUIRE_FALSE(step(*server, to_server, to_client).value());
    REQUIRE(step(*client, to_client, to_server).value());
    REQUIRE(step(*server, to_server, to_client).value());
    REQUIRE(to_client.empty());
  }

  std::unique_ptr<StreamLayer> server;
  std::unique_ptr<StreamLayer> client;
  std::vector<std::byte> to_server;
  std::vector<std::byte> to_client;
};

std::string kind_of(const auto& result) {
  return result ? "" : std::string(name_of(result.error().kind));
}

Result<std::size_t> decode_all(StreamLayer& layer, Bytes wire, MutableBytes into) {
  std::vector<std::byte> out;
  return layer.decode(wire, into, out);
}

}  // namespace

TEST_CASE("a handshake whose bytes come one after another is completed") {
  Ends ends;
  REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  for (const std::byte each : ends.to_server) {
    Bytes wire(&each, 1);
    CHECK(ends.to_client.empty());
    REQUIRE_FALSE(ends.server->open(wire, ends.to_client).value());
    CHECK(wire.empty());
  }
  ends.to_server.clear();
  REQUIRE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  bool is_open = false;
  for (const std::byte each : ends.to_server) {
    Bytes wire(&each, 1);
    const auto opened = ends.server->open(wire, ends.to_client);
    REQUIRE(opened);
    is_open = *opened;
  }
  CHECK(is_open);
}

TEST_CASE("an unknown name and a wrong key get the same bytes as the answer") {
  const auto answer_to = [](std::string_view name, char key) {
    TlsOptions options;
    options.accepted = [](std::string_view identity) {
      return identity == "alice" ? std::optional(key_of(identity)) : std::nullopt;
    };
    options.credential = [key](std::string_view wanted, std::string_view) -> Result<Psk> {
      return Psk{std::string(wanted), Secret(as_bytes(std::string(32, key))), std::string(wanted)};
    };
    const auto server = Tls::server(options).value().make_layer();
    const auto client = Tls::client(options, name, "host").value().make_layer();
    std::vector<std::byte> hello;
    std::vector<std::byte> answer;
    Bytes wire;
    REQUIRE_FALSE(client->open(wire, hello).value());
    wire = hello;
    const auto opened = server->open(wire, answer);
    REQUIRE_FALSE(opened);
    return std::string(name_of(opened.error().kind)) + opened.error().detail + '|' +
           std::string(as_text(answer));
  };
  const std::string wrong_key = answer_to("alice", 'x');
  CHECK(wrong_key.find('|') + 1 < wrong_key.size());
  CHECK(answer_to("mallo", 'k') == wrong_key);
  CHECK(answer_to("mallory-with-a-long-name", 'x') == wrong_key);
}

TEST_CASE("a first message that announces too many bytes is refused with an alert") {
  Ends ends;
  constexpr std::string_view kBegin("\x16\x03\x01\x01\x00\x01\x02\x00\x00", 9);
  Bytes wire = as_bytes(kBegin);
  const auto opened = ends.server->open(wire, ends.to_client);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::too_large);
  // A fatal alert, illegal_parameter.
  CHECK(as_text(ends.to_client) == std::string_view("\x15\x03\x03\x00\x02\x02\x2f", 7));
}

TEST_CASE("an empty record before the first message is refused with an alert") {
  Ends ends;
  Bytes wire = as_bytes(std::string_view("\x16\x03\x01\x00\x00", 5));
  const auto opened = ends.server->open(wire, ends.to_client);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::protocol_violation);
  // A fatal alert, unexpected_message.
  CHECK(as_text(ends.to_client) == std::string_view("\x15\x03\x03\x00\x02\x02\x0a", 7));
}

TEST_CASE("a handshake takes one round trip, and then bytes go both ways") {
  Ends ends;
  ends.open();
  std::array<std::byte, 64> into{};
  REQUIRE(ends.client->encode(as_bytes("hello"), ends.to_server));
  CHECK(decode_all(*ends.server, ends.to_server, into).value() == 5);
  CHECK(as_text(Bytes(into).first(5)) == "hello");
  REQUIRE(ends.server->encode(as_bytes("yes"), ends.to_client));
  CHECK(decode_all(*ends.client, ends.to_client, into).value() == 3);
}

TEST_CASE("what follows the first message at once belongs to the handshake, however long it is") {
  struct Case {
    std::string next;
    bool is_allowed;
  };
  // A change of ciphers, which TLS 1.3 ignores here; a message that is not encrypted; and more than
  // is collected with the first message.
  const Case cases[] = {
      {std::string("\x14\x03\x03\x00\x01\x01", 6), true},
      {std::string("\x16\x03\x03\x00\x01\x01", 6), false},
      {std::string("\x16\x03\x03\x3e\x80", 5) + std::string(16'000, 'x'), false},
  };
  for (const auto& [next, is_allowed] : cases) {
    Ends ends;
    REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
    ends.to_server.insert(ends.to_server.end(), as_bytes(next).begin(), as_bytes(next).end());
    const auto opened = Ends::step(*ends.server, ends.to_server, ends.to_client);
    CHECK(kind_of(opened) == (is_allowed ? "" : "permission_denied"));
    if (!is_allowed) continue;
    CHECK_FALSE(*opened);
    REQUIRE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
    CHECK(Ends::step(*ends.server, ends.to_server, ends.to_client).value());
  }
}

/// Returns the request of a server for another first message, with a share of P-256 (RFC 8446,
/// section 4.1.4). `hello` is the first one; `suite` is the last byte of the suite that it chooses.
std::string request_for_another(const std::vector<std::byte>& hello, char suite) {
  constexpr std::size_t kSessionAt = 43;
  return std::string("\x16\x03\x03\x00\x58\x02\x00\x00\x54\x03\x03", 11) +
         "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
         "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c" +
         std::string(as_text(Bytes(hello).subspan(kSessionAt, 33))) + '\x13' + suite +
         std::string("\x00\x00\x0c\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x17", 15);
}

TEST_CASE("a client offers its key again if the server asks for another first message") {
  Ends ends;
  REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  const std::string request = request_for_another(std::exchange(ends.to_server, {}), '\x01');
  Bytes wire = as_bytes(request);
  CHECK_FALSE(ends.client->open(wire, ends.to_server).value());
  CHECK(as_text(ends.to_server).contains("alice"));
}

TEST_CASE("a server that chooses a suite with another hash than the key's gets no key") {
  Ends ends;
  REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  const std::string request = request_for_another(std::exchange(ends.to_server, {}), '\x02');
  Bytes wire = as_bytes(request);
  const auto opened = ends.client->open(wire, ends.to_server);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::permission_denied);
  CHECK(opened.error().detail == "it violates TLS: wrong cipher returned");
  CHECK_FALSE(as_text(ends.to_server).contains("alice"));
}

TEST_CASE("an alert that TLS does not define fails the handshake with its number") {
  Ends ends;
  REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  Bytes wire = as_bytes(std::string_view("\x15\x03\x03\x00\x02\x02\xc8", 7));
  const auto opened = ends.client->open(wire, ends.to_server);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == ErrorKind::permission_denied);
  CHECK(opened.error().detail == "it ended TLS (alert 200)");
}

TEST_CASE("no bytes make no record, and none are decoded into no memory") {
  Ends ends;
  ends.open();
  CHECK(ends.client->encode({}, ends.to_server));
  CHECK(ends.to_server.empty());
  REQUIRE(ends.client->encode(as_bytes("hello"), ends.to_server));
  CHECK(decode_all(*ends.server, ends.to_server, {}).value() == 0);
}

TEST_CASE("the rest of a record is decoded without more bytes") {
  Ends ends;
  ends.open();
  REQUIRE(ends.client->encode(as_bytes("hello"), ends.to_server));
  std::array<std::byte, 3> into{};
  CHECK(decode_all(*ends.server, ends.to_server, into).value() == 3);
  CHECK(ends.server->has_buffered());
  CHECK(decode_all(*ends.server, {}, into).value() == 2);
  CHECK(as_text(Bytes(into).first(2)) == "lo");
  CHECK_FALSE(ends.server->has_buffered());
}

TEST_CASE("several records are decoded at once, a part of one not before its rest") {
  Ends ends;
  ends.open();
  for (const char* text : {"one", "two", "three"}) {
    REQUIRE(ends.client->encode(as_bytes(std::string_view(text)), ends.to_server));
  }
  std::array<std::byte, 64> into{};
  const Bytes wire = ends.to_server;
  CHECK(decode_all(*ends.server, wire.first(wire.size() - 1), into).value() == 6);
  CHECK(decode_all(*ends.server, wire.last(1), into).value() == 5);
}

TEST_CASE("a record that was changed on the way is refused, whichever byte it is") {
  for (std::size_t at = 0; at < 5 + 5 + 1 + 16; ++at) {
    CAPTURE(at);
    Ends ends;
    ends.open();
    REQUIRE(ends.client->encode(as_bytes("hello"), ends.to_server));
    REQUIRE(ends.to_server.size() == 27);
    ends.to_server[at] ^= std::byte{1};
    std::array<std::byte, 64> into{};
    const auto decoded = decode_all(*ends.server, ends.to_server, into);
    // A larger length waits for bytes that never come.
    CHECK((!decoded || *decoded == 0));
    if (!decoded) CHECK(kind_of(decoded) == "protocol_violation");
  }
}

TEST_CASE("a record that is repeated is refused") {
  Ends ends;
  ends.open();
  REQUIRE(ends.client->encode(as_bytes("hello"), ends.to_server));
  std::array<std::byte, 64> into{};
  CHECK(decode_all(*ends.server, ends.to_server, into).value() == 5);
  CHECK(kind_of(decode_all(*ends.server, ends.to_server, into)) == "protocol_violation");
}

TEST_CASE("a client's first message to another server, or again, opens nothing") {
  Ends ends;
  REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  const std::vector<std::byte> hello = ends.to_server;
  REQUIRE_FALSE(Ends::step(*ends.server, ends.to_server, ends.to_client).value());
  REQUIRE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  const std::vector<std::byte> finished = ends.to_server;
  // A replay: the other server has a key share of its own, so the last message cannot fit.
  Ends other;
  other.to_server = hello;
  REQUIRE_FALSE(Ends::step(*other.server, other.to_server, other.to_client).value());
  other.to_server = finished;
  CHECK(kind_of(Ends::step(*other.server, other.to_server, other.to_client)) ==
        "permission_denied");
}

TEST_CASE("a server that gets its own messages back opens nothing") {
  Ends ends;
  REQUIRE_FALSE(Ends::step(*ends.client, ends.to_client, ends.to_server).value());
  REQUIRE_FALSE(Ends::step(*ends.server, ends.to_server, ends.to_client).value());
  ends.to_server = ends.to_client;
  CHECK(kind_of(Ends::step(*ends.server, ends.to_server, ends.to_client)) == "permission_denied");
}

TEST_CASE("the end of the writes is closed, and a wire that ends without it truncated") {
  Ends ends;
  ends.open();
  CHECK(ends.server->end_of_wire() == ErrorKind::truncated);
  REQUIRE(ends.client->encode(as_bytes("last"), ends.to_server));
  REQUIRE(ends.client->encode_end(ends.to_server));
  std::array<std::byte, 64> into{};
  Bytes wire = ends.to_server;
  CHECK(ends.server->decode(wire, into, ends.to_client).value() == 4);
  CHECK(kind_of(ends.server->decode(wire, into, ends.to_client)) == "closed");
  CHECK(ends.server->end_of_wire() == ErrorKind::closed);
  // The other direction goes on.
  REQUIRE(ends.server->encode(as_bytes("answer"), ends.to_client));
  CHECK(decode_all(*ends.client, ends.to_client, into).value() == 6);
}

TEST_CASE("an end or a failure right after bytes needs nothing more to arrive") {
  for (const bool is_end : {true, false}) {
    CAPTURE(is_end);
    Ends ends;
    ends.open();
    REQUIRE(ends.client->encode(as_bytes("last"), ends.to_server));
    const std::size_t size = ends.to_server.size();
    REQUIRE(ends.client->encode_end(ends.to_server));
    if (!is_end) ends.to_server[size] ^= std::byte{0x80};
    std::array<std::byte, 64> into{};
    Bytes wire = ends.to_server;
    CHECK_FALSE(ends.server->has_buffered());
    CHECK(ends.server->decode(wire, into, ends.to_client).value() == 4);
    CHECK(ends.server->has_buffered());
    wire = {};
    CHECK(ends.server->end_of_wire() == (is_end ? ErrorKind::closed : ErrorKind::truncated));
    const char* const kind = is_end ? "closed" : "protocol_violation";
    CHECK(kind_of(ends.server->decode(wire, into, ends.to_client)) == kind);
    CHECK(kind_of(ends.server->decode(wire, into, ends.to_client)) == kind);
  }
}

TEST_CASE("an unknown name and a wrong key get the same number of messages and bytes") {
  const auto refusal_of = [](const std::string& name, char fill) {
    const auto server = Tls::server(test::accepting("alice")).value().make_layer();
    const auto client = Tls::client(test::presenting(name, fill), name, "").value().make_layer();
    std::vector<std::byte> hello;
    std::vector<std::byte> answer;
    std::vector<std::byte> later;
    Bytes none;
    REQUIRE_FALSE(client->open(none, hello).value());
    Bytes wire = hello;
    const auto opened = server->open(wire, answer);
    REQUIRE_FALSE(opened);
    CHECK(kind_of(opened) == "permission_denied");
    wire = answer;
    CHECK(kind_of(client->open(wire, later)) == "permission_denied");
    CHECK(client->end_of_wire() == ErrorKind::truncated);
    return std::pair(answer, opened.error().detail);
  };
  // Names of one length, because the message of the client holds them.
  const auto wrong_key = refusal_of("alice", 'x');
  CHECK(refusal_of("mally", 'k') == wrong_key);
  CHECK(refusal_of("alicf", 'x') == wrong_key);
}

TEST_CASE("a length beyond that of a record is refused at its header") {
  for (const std::string_view header : {"\x16\x03\x01\xff\xff", "\x17\x03\x03\xff\xff"}) {
    for (const bool is_open : {false, true}) {
      CAPTURE(is_open);
      Ends ends;
      if (is_open) ends.open();
      Bytes wire = as_bytes(header);
      std::array<std::byte, 64> into{};
      if (is_open) {
        CHECK(kind_of(ends.server->decode(wire, into, ends.to_client)) == "protocol_violation");
      } else {
        CHECK(kind_of(ends.server->open(wire, ends.to_client)) == "permission_denied");
      }
    }
  }
}

}  // namespace hotline::tls_layer_test

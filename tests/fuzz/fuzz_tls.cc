#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hotline/net/tls.h"
#include "support/tls_options.h"

// Bytes that were made without the key open neither end, whatever they are, and a conversation in
// which a message was changed delivers nothing but what was sent, and ends only as it was ended.
// The first byte chooses the test. The keys of a handshake are random, so of an input that changes
// a conversation only the place and the manner of the change can be replayed.

namespace {

using namespace hotline;

void require(bool holds) {
  if (!holds) std::abort();
}

const Tls& server_of_keys() {
  static const Tls kServer = Tls::server(test::accepting("alice")).value();
  return kServer;
}

const Tls& client_of_keys() {
  static const Tls kClient = Tls::client(test::presenting("alice"), "alice", "host").value();
  return kClient;
}

/// Takes bytes as a stream does: in pieces, and nothing more after a failure.
struct End {
  explicit End(const Tls& tls) : layer(tls.make_layer()) {}

  void take(Bytes bytes) {
    wire.insert(wire.end(), bytes.begin(), bytes.end());
    Bytes unread = wire;
    if (!has_failed && !is_open) open(unread);
    while (!has_failed && is_open && decode(unread)) {
    }
    wire.erase(wire.begin(), wire.end() - static_cast<std::ptrdiff_t>(unread.size()));
    if (has_failed) wire.clear();
  }

  void open(Bytes& unread) {
    const auto opened = layer->open(unread, out);
    has_failed = !opened;
    is_open = opened && *opened;
  }

  bool decode(Bytes& unread) {
    std::byte plain[512];
    const auto decoded = layer->decode(unread, plain, out);
    if (!decoded) {
      has_failed = decoded.error().kind != ErrorKind::closed;
      has_ended = !has_failed;
      unread = {};
      return false;
    }
    received.append(as_text(Bytes(plain).first(*decoded)));
    return *decoded > 0;
  }

  std::unique_ptr<StreamLayer> layer;
  std::vector<std::byte> wire;
  std::vector<std::byte> out;
  std::string received;
  bool is_open = false;
  bool has_failed = false;
  bool has_ended = false;
};

/// Passes on what `from` has sent.
void pass(End& from, End& to) {
  const std::vector<std::byte> sent = std::exchange(from.out, {});
  to.take(sent);
}

/// Any bytes, in pieces, to an end that has the key: it never opens, and delivers nothing.
void check_stranger(const Tls& tls, Bytes input) {
  End end(tls);
  end.take({});
  const std::size_t piece = input.empty() ? 1 : 1 + std::to_integer<std::size_t>(input[0]);
  for (; !input.empty(); input = input.subspan(std::min(piece, input.size()))) {
    end.take(input.first(std::min(piece, input.size())));
  }
  require(!end.is_open && end.received.empty());
  require(end.layer->end_of_wire() == ErrorKind::truncated);
}

/// One change of a conversation: which message, where in it, and how.
struct Change {
  explicit Change(Bytes input) {
    std::array<std::byte, 5> bytes{};
    std::copy_n(input.begin(), std::min(input.size(), bytes.size()), bytes.begin());
    message = std::to_integer<std::size_t>(bytes[0]) % 6;
    at = std::to_integer<std::size_t>(bytes[1]) << 8 | std::to_integer<std::size_t>(bytes[2]);
    kind = std::to_integer<unsigned>(bytes[3]) % 4;
    with = bytes[4];
    inserted = input.subspan(std::min(input.size(), bytes.size()));
  }

  void apply(std::vector<std::byte>& bytes) const {
    if (bytes.empty()) return;
    const std::size_t place = at % bytes.size();
    const auto where = bytes.begin() + static_cast<std::ptrdiff_t>(place);
    switch (kind) {
      case 0: bytes[place] ^= with; break;
      case 1: bytes.resize(place); break;
      case 2: bytes.insert(where, inserted.begin(), inserted.end()); break;
      default:
        std::copy_n(inserted.begin(), std::min(inserted.size(), bytes.size() - place), where);
    }
  }

  std::size_t message = 0;
  std::size_t at = 0;
  unsigned kind = 0;
  std::byte with{};
  Bytes inserted;
};

/// Writes what an open end sends in its turn `i`: its text, then its end. As LayerCodec does,
/// nothing is written to an end that has failed: there OpenSSL refuses even the end of the writes.
void say(End& from, std::size_t i, std::string_view question, std::string_view answer) {
  if (i == 2) require(from.layer->encode(as_bytes(question), from.out).has_value());
  if (i == 3) require(from.layer->encode(as_bytes(answer), from.out).has_value());
  if (i >= 4) require(from.layer->encode_end(from.out).has_value());
}

/// A conversation of two ends that have the key, in which one message is changed on its way.
void check_changed(Bytes input) {
  const Change change(input);
  constexpr std::string_view kQuestion = "a question of the client";
  constexpr std::string_view kAnswer = "an answer of the server";
  End client(client_of_keys());
  End server(server_of_keys());
  client.take({});
  for (std::size_t i = 0; i < 6; ++i) {
    End& from = i % 2 == 0 ? client : server;
    End& to = i % 2 == 0 ? server : client;
    if (from.is_open && !from.has_failed) say(from, i, kQuestion, kAnswer);
    if (i == change.message) change.apply(from.out);
    pass(from, to);
  }
  require(kQuestion.starts_with(server.received) && kAnswer.starts_with(client.received));
  // Only an end of TLS is one, and it comes after all that was sent.
  if (server.has_ended) require(server.received == kQuestion);
  if (client.has_ended) require(client.received == kAnswer);
  for (const End* end : {&client, &server}) {
    if (!end->has_ended) require(end->layer->end_of_wire() == ErrorKind::truncated);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 3) {
    case 0: check_stranger(server_of_keys(), input); break;
    case 1: check_stranger(client_of_keys(), input); break;
    default: check_changed(input);
  }
  return 0;
}

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/tls.h"
#include "net/stream_access.h"
#include "support/certificates.h"
#include "support/loops.h"
#include "support/raw_tls.h"
#include "support/sockets.h"

// What a layer of TLS does with a peer that sends records in which there is no data.

namespace hotline::tls_idle_records_test {
namespace {

using test::CertificateAuthority;
using test::CertificateFiles;
using test::RawTls;

constexpr int kUpdatesMax = 32;

struct Files {
  CertificateAuthority root;
  CertificateFiles server = root.issue({{"server"}, "DNS:host"});
};

/// A layer of this library that was opened with an end of OpenSSL alone.
class Ends {
 public:
  explicit Ends(RawTls::Role peer_role, std::size_t ticket_count = 0)
      : peer(peer_role, files_.server, ticket_count), layer(make_layer(peer_role)) {
    for (int i = 0; i < 3; ++i) {
      peer.take(answers);
      const std::vector<std::byte> sent = peer.take_sent();
      Bytes wire = sent;
      is_open_ = is_open_ || layer->open(wire, answers).value();
      rest.assign(wire.begin(), wire.end());
    }
    REQUIRE(is_open_);
  }

  /// Decodes all that the peer has sent. Returns the text, or the kind of the failure.
  std::string decoded() {
    const std::vector<std::byte> sent = peer.take_sent();
    rest.insert(rest.end(), sent.begin(), sent.end());
    Bytes wire = rest;
    std::array<std::byte, 4096> into{};
    std::string text;
    for (;;) {
      const auto count = layer->decode(wire, into, answers);
      if (!count) return text + "<" + test::kind_of(count) + ">";
      if (*count == 0) break;
      text += as_text(Bytes(into).first(*count));
    }
    CHECK(wire.empty());
    rest.clear();
    return text;
  }

 private:
  std::unique_ptr<StreamLayer> make_layer(RawTls::Role peer_role) const {
    TlsOptions options;
    const bool is_server = peer_role == RawTls::Role::client;
    if (is_server) options.files = {files_.server.certificate, files_.server.private_key, {}, {}};
    if (!is_server) options.files.roots = files_.root.roots();
    return (is_server ? Tls::server(options) : Tls::client(options, {}, "host"))
        .value()
        .make_layer();
  }

  Files files_;
  bool is_open_ = false;

 public:
  RawTls peer;
  std::unique_ptr<StreamLayer> layer;
  std::vector<std::byte> answers;
  std::vector<std::byte> rest;
};

}  // namespace

TEST_CASE("new keys may be asked for some times in a row, and again after each byte of data") {
  Ends ends(RawTls::Role::client);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kUpdatesMax; ++i) ends.peer.update_keys();
    CHECK(ends.decoded().empty());
    ends.peer.write("a");
    CHECK(ends.decoded() == "a");
  }
}

TEST_CASE("a peer that asks for new keys without end violates the protocol, whichever end it is") {
  for (const RawTls::Role role : {RawTls::Role::client, RawTls::Role::server}) {
    Ends ends(role);
    ends.peer.write("first");
    for (int i = 0; i < 10'000; ++i) ends.peer.update_keys();
    ends.answers.clear();
    CHECK(ends.decoded() == "first<protocol_violation>");
    CHECK(ends.answers.size() < 4096);
    CHECK(ends.layer->end_of_wire() == ErrorKind::truncated);
  }
}

TEST_CASE("requests for new keys count however they are cut on their way") {
  Ends ends(RawTls::Role::client);
  std::string seen;
  for (int i = 0; i <= kUpdatesMax && seen.empty(); ++i) {
    ends.peer.update_keys();
    for (const std::byte each : ends.peer.take_sent()) {
      ends.rest.push_back(each);
      seen += ends.decoded();
    }
  }
  CHECK(seen == "<protocol_violation>");
}

TEST_CASE("a server may send tickets, which a client does not use") {
  Ends ends(RawTls::Role::server, kUpdatesMax);
  ends.peer.write("a");
  CHECK(ends.decoded() == "a");
}

TEST_CASE("a server that sends tickets without end violates the protocol") {
  Ends ends(RawTls::Role::server, 200);
  ends.peer.write("a");
  CHECK(ends.decoded() == "<protocol_violation>");
}

TEST_CASE("data that comes with many requests for new keys is returned before all is decoded") {
  Ends ends(RawTls::Role::client);
  constexpr int kBytes = 100;
  for (int i = 0; i < kBytes; ++i) {
    for (int update = 0; update < 4; ++update) ends.peer.update_keys();
    ends.peer.write("a");
  }
  const std::vector<std::byte> sent = ends.peer.take_sent();
  Bytes wire = sent;
  std::array<std::byte, 4096> into{};
  std::size_t total = 0;
  std::size_t steps = 0;
  ends.layer->take_idle_steps();
  while (total < kBytes) {
    const auto count = ends.layer->decode(wire, into, ends.answers);
    REQUIRE(count);
    CHECK(*count > 0);
    CHECK(*count <= 2);
    total += *count;
    const std::size_t of_this = ends.layer->take_idle_steps();
    CHECK(of_this >= 8 * *count);
    steps += of_this;
  }
  CHECK(steps == kBytes * 4 * 2);
}

TEST_CASE("a record with data does not count as an idle step") {
  Ends ends(RawTls::Role::client);
  ends.decoded();
  ends.layer->take_idle_steps();
  for (int i = 0; i < 1000; ++i) ends.peer.write("a");
  CHECK(ends.decoded() == std::string(1000, 'a'));
  CHECK(ends.layer->take_idle_steps() == 0);
}

}  // namespace hotline::tls_idle_records_test

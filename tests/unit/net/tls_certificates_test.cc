#include <sys/stat.h>

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"
#include "hotline/net/option_taker.h"
#include "hotline/net/tls.h"
#include "support/certificates.h"
#include "support/tls_handshake.h"
#include "support/tls_options.h"

namespace hotline::tls_certificates_test {
namespace {

using test::accepting;
using test::CertificateAuthority;
using test::CertificateFields;
using test::CertificateFiles;
using test::End;
using test::Handshake;
using test::presenting;

TlsOptions with(const CertificateFiles& files, std::string roots = {}) {
  TlsOptions options;
  options.files.certificate = files.certificate;
  options.files.private_key = files.private_key;
  options.files.roots = std::move(roots);
  return options;
}

TlsOptions trusting(std::string roots) { return with({}, std::move(roots)); }

/// Returns how the client ends a handshake with a server of that certificate.
std::string client_of(const CertificateFields& fields, std::string_view host = "host") {
  CertificateAuthority root;
  const Handshake tried(with(root.issue(fields)), trusting(root.roots()), host);
  CHECK(tried.server.opened.has_value() == tried.client.opened.has_value());
  return tried.client.state();
}

const std::string kNotTrusted = "permission_denied: its certificate is not accepted: ";

std::string failure_of(const Result<Tls>& made) {
  if (made) return "success";
  return std::string(name_of(made.error().kind)) + ' ' + made.error().endpoint + ": " +
         made.error().detail;
}

}  // namespace

TEST_CASE("with certificates on both sides each end has the identity of the other") {
  CertificateAuthority root;
  const auto server_files = root.issue({{"server"}, "DNS:host"});
  const auto client_files = root.issue({{"carol"}});
  const Handshake made(with(server_files, root.roots()), with(client_files, root.roots()));
  REQUIRE(made.server.state() == "open");
  REQUIRE(made.client.state() == "open");
  CHECK(made.server.layer->identity() ==
        Identity{.name = "CN=carol", .kind = Identity::Kind::certificate, .common_name = "carol"});
  CHECK(made.client.layer->identity()->common_name == "server");
  CHECK((*made.server.layer->channel_binding() == *made.client.layer->channel_binding()));
}

TEST_CASE("without roots at the server every caller is served and none is known") {
  CertificateAuthority root;
  const auto server_files = root.issue({{"server"}, "DNS:host"});
  const auto client_files = root.issue({{"carol"}});
  for (const TlsOptions& caller : {trusting(root.roots()), with(client_files, root.roots())}) {
    const Handshake made(with(server_files), caller);
    CHECK(made.server.state() == "open");
    CHECK(made.client.state() == "open");
    CHECK_FALSE(made.server.layer->identity());
  }
}

TEST_CASE("only a subject with exactly one common name gives a name to allow") {
  CertificateAuthority root;
  const auto server_files = root.issue({{"server"}, "DNS:host"});
  const auto caller_of = [&](const CertificateFields& fields) {
    const Handshake made(with(server_files, root.roots()), with(root.issue(fields), root.roots()));
    REQUIRE(made.server.state() == "open");
    return made.server.layer->identity().value();
  };
  CHECK(caller_of({{"zoë"}}).common_name == "zoë");
  const Identity two = caller_of({{"alice", "bob"}});
  CHECK(two.name == "CN=bob,CN=alice");
  CHECK(two.common_name.empty());
  const Identity none = caller_of({{}, "DNS:alice"});
  CHECK(none.name.empty());
  CHECK(none.common_name.empty());
  const Identity no_text = caller_of({.common_names = {"alice"}, .name_type = V_ASN1_BIT_STRING});
  CHECK(no_text.name.starts_with("CN=#"));
  CHECK(no_text.common_name.empty());
}

TEST_CASE("a server is trusted by a certificate for the host that is called") {
  const CertificateFields fields{{"server"}, "DNS:host,DNS:*.example.net,IP:127.0.0.1,IP:::1"};
  for (const char* host : {"host", "HOST", "a.example.net", "127.0.0.1", "::1"}) {
    CAPTURE(host);
    CHECK(client_of(fields, host) == "open");
  }
  for (const char* host : {"other", "hos", "a.b.example.net", "example.net", "server"}) {
    CAPTURE(host);
    CHECK(client_of(fields, host) == kNotTrusted + "hostname mismatch");
  }
  for (const char* host : {"127.0.0.2", "::2"}) {
    CAPTURE(host);
    CHECK(client_of(fields, host) == kNotTrusted + "IP address mismatch");
  }
}

TEST_CASE("an address in a name of a certificate does not stand for the address") {
  CHECK(client_of({{"127.0.0.1"}, "DNS:127.0.0.1"}, "127.0.0.1") ==
        kNotTrusted + "IP address mismatch");
}

TEST_CASE("a server whose certificate is not valid now is refused") {
  using std::chrono::seconds;
  CHECK(client_of({{"server"}, "DNS:host", seconds(-7200), seconds(-60)}) ==
        kNotTrusted + "certificate has expired");
  CHECK(client_of({{"server"}, "DNS:host", seconds(3600), seconds(7200)}) ==
        kNotTrusted + "certificate is not yet valid");
}

TEST_CASE("a server is refused whose certificate is of another root, even of one named alike") {
  CertificateAuthority root;
  const auto files = root.issue({{"server"}, "DNS:host"});
  CertificateAuthority other("another root");
  CertificateAuthority alike;
  for (const auto& [roots, reason] :
       {std::pair(other.roots(), "unable to get local issuer certificate"),
        std::pair(alike.roots(), "certificate signature failure")}) {
    const Handshake tried(with(files), trusting(roots));
    CHECK(tried.client.state() == kNotTrusted + reason);
    CHECK(tried.client.opened.error().hint() ==
          "does the certificate lead to a root that the other end trusts?");
    CHECK(tried.server.state().starts_with("permission_denied: "));
  }
}

TEST_CASE("a caller without a certificate, or with that of another root, is refused") {
  CertificateAuthority root;
  const TlsOptions server = with(root.issue({{"server"}, "DNS:host"}), root.roots());
  const Handshake none(server, trusting(root.roots()));
  CHECK(none.server.state() == "permission_denied: it sent no certificate");
  CHECK(none.client.state() ==
        "protocol_violation: it requires a certificate of this end (alert "
        "certificate_required)");
  CertificateAuthority other("another root");
  const Handshake foreign(server, with(other.issue({{"carol"}}), root.roots()));
  CHECK(foreign.server.state() == kNotTrusted + "unable to get local issuer certificate");
  CHECK(foreign.client.state() ==
        "protocol_violation: it does not trust the root of this end's certificate (alert "
        "unknown_ca)");
  const CertificateFields old{{"carol"}, {}, std::chrono::seconds(-60), std::chrono::seconds(-1)};
  const Handshake expired(server, with(root.issue(old), root.roots()));
  CHECK(expired.server.state() == kNotTrusted + "certificate has expired");
}

TEST_CASE("a caller with a key is not content with a certificate, nor the other way round") {
  CertificateAuthority root;
  const Handshake key(with(root.issue({{"server"}, "DNS:host"})), presenting("alice"));
  CHECK(key.client.state() == "permission_denied: the peer did not use the key");
  CHECK_FALSE(key.client.layer->identity());
  CHECK_FALSE(key.client.layer->channel_binding());
  const Handshake certificate(accepting("alice"), trusting(root.roots()));
  CHECK(certificate.server.state().starts_with("permission_denied: "));
  CHECK(certificate.client.state().starts_with("permission_denied: "));
}

TEST_CASE("a peer that was refused has no identity") {
  const Handshake wrong_key(accepting("alice"), presenting("alice", 'x'));
  CHECK(wrong_key.server.state().starts_with("permission_denied: "));
  CHECK_FALSE(wrong_key.server.layer->identity());
  CHECK_FALSE(wrong_key.client.layer->identity());
  CertificateAuthority root;
  CertificateAuthority other("another root");
  const Handshake foreign(with(root.issue({{"server"}, "DNS:host"}), root.roots()),
                          with(other.issue({{"carol"}}), root.roots()));
  CHECK(foreign.server.state().starts_with("permission_denied: "));
  CHECK_FALSE(foreign.server.layer->identity());
}

TEST_CASE("a caller has no identity before it has proved its key") {
  End server(Tls::server(accepting("alice")).value());
  End client(Tls::client(presenting("alice"), "alice", "host").value());
  client.take(server.out);
  server.take(client.out);
  CHECK(server.state() == "waits");
  CHECK_FALSE(server.layer->identity());
  client.take(server.out);
  server.take(client.out);
  REQUIRE(server.state() == "open");
  CHECK(server.layer->identity()->name == "alice");
}

TEST_CASE("the message after a request for another first message is limited as that was") {
  // TLS 1.3 with X25519 and a share of no key; the server asks for one.
  const std::string extensions(
      "\x00\x2b\x00\x03\x02\x03\x04"
      "\x00\x0a\x00\x04\x00\x02\x00\x1d"
      "\x00\x0d\x00\x06\x00\x04\x08\x07\x04\x03"
      "\x00\x33\x00\x02\x00\x00",
      31);
  const std::string body = std::string("\x03\x03", 2) + std::string(32, 'r') +
                           std::string("\x00\x00\x02\x13\x01\x01\x00\x00\x1f", 9) + extensions;
  const std::string hello = std::string("\x16\x03\x01\x00\x4e\x01\x00\x00\x4a", 9) + body;
  REQUIRE(body.size() == 0x4a);
  CertificateAuthority root;
  const Tls server = Tls::server(with(root.issue({{"server"}, "DNS:host"}))).value();
  for (const std::string& change : {std::string(), std::string("\x14\x03\x03\x00\x01\x01", 6)}) {
    const auto layer = server.make_layer();
    std::vector<std::byte> out;
    Bytes wire = as_bytes(hello);
    REQUIRE_FALSE(layer->open(wire, out).value());
    REQUIRE(out.size() > 43);
    const std::string second = change + std::string("\x16\x03\x03\x01\x00\x01\x02\x00\x00", 9);
    wire = as_bytes(second);
    const auto opened = layer->open(wire, out);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::too_large);
  }
}

TEST_CASE("a key that the caller's lookup does not find is that failure") {
  TlsOptions options;
  options.credential = [](std::string_view name, std::string_view) -> Result<Psk> {
    return fail(make_error(ErrorKind::not_found, "find", std::string(name), {}));
  };
  CHECK(failure_of(Tls::client(options, "alice", "host")) == "not_found alice: ");
}

TEST_CASE("a key or an identity beyond the limits, or a lookup that throws, opens nothing") {
  const auto state_of = [](std::size_t identity_bytes, std::size_t key_bytes, bool throws) {
    const Psk key{std::string(identity_bytes, 'i'), Secret(as_bytes(std::string(key_bytes, 'k'))),
                  "alice"};
    TlsOptions options;
    options.credential = [&](std::string_view, std::string_view) { return Result<Psk>(key); };
    options.accepted = [&](std::string_view) {
      if (throws) throw std::bad_alloc();
      return std::optional(key);
    };
    return Handshake(options, options).server.state().substr(0, 5);
  };
  CHECK(state_of(128, 32, false) == "open");
  CHECK(state_of(129, 32, false) == "permi");
  CHECK(state_of(8, 32, true) == "syste");
  CHECK(state_of(8, 1000, false) == "permi");
}

TEST_CASE("a server with a key that is too long, or has no name, refuses its caller") {
  const auto state_with = [](const Psk& key) {
    TlsOptions server;
    server.accepted = [&](std::string_view) { return std::optional(key); };
    const Handshake tried(server, presenting("alice"));
    CHECK_FALSE(tried.server.layer->identity());
    return tried.server.state();
  };
  CHECK(state_with({"id:alice", Secret(1000), "alice"}).starts_with("system: OpenSSL failed here"));
  CHECK(state_with({"id:alice", Secret(as_bytes(std::string(32, 'k'))), ""}) ==
        "permission_denied: the peer did not use the key");
}

TEST_CASE("a file that is not what it must be is refused by either end, and named") {
  CertificateAuthority root;
  const CertificateFiles good = root.issue({{"server"}, "DNS:host"});
  const CertificateFiles other = root.issue({{"other"}});
  const std::string garbage = root.file("garbage");
  const std::string missing = root.file("missing");
  const std::string directory = root.file("directory");
  std::ofstream(garbage) << "garbage\n";
  const std::string broken = root.file("broken");
  std::ofstream(broken) << "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
  REQUIRE(::mkdir(directory.c_str(), 0700) == 0);
  struct Case {
    TlsOptions options;
    std::string failure;
  };
  const Case cases[] = {
      {with({garbage, good.private_key}),
       "invalid_argument " + garbage +
           ": the certificate cannot be used: the file has none that can be read"},
      {with({broken, good.private_key}),
       "invalid_argument " + broken + ": the certificate cannot be used: bad base64 decode"},
      {with({good.private_key, good.private_key}),
       "invalid_argument " + good.private_key +
           ": the certificate cannot be used: the file has none that can be read"},
      {with({missing, good.private_key}),
       "invalid_argument " + missing +
           ": the certificate cannot be used: No such file or directory"},
      {with({directory, good.private_key}),
       "invalid_argument " + directory + ": it is not a regular file"},
      {with({good.certificate, garbage}),
       "invalid_argument " + garbage +
           ": the private key cannot be used: the file has none that can be read"},
      {with({good.certificate, missing}),
       "invalid_argument " + missing +
           ": the private key cannot be used: No such file or directory"},
      // Without key= the key must be in the file of the certificate.
      {with({good.certificate, ""}),
       "invalid_argument " + good.certificate +
           ": the private key cannot be used: the file has none that can be read"},
      {with({good.certificate, other.private_key}),
       "invalid_argument " + other.private_key +
           ": the private key cannot be used: key values mismatch"},
      {with(good, garbage),
       "invalid_argument " + garbage + ": the roots cannot be used: no certificate or crl found"},
      {with(good, missing),
       "invalid_argument " + missing + ": the roots cannot be used: No such file or directory"},
  };
  for (const Case& each : cases) {
    CHECK(failure_of(Tls::server(each.options)) == each.failure);
    CHECK(failure_of(Tls::client(each.options, {}, "host")) == each.failure);
  }
}

TEST_CASE("a private key without a certificate is refused by a server") {
  CertificateAuthority root;
  TlsOptions options = accepting("alice");
  options.files.private_key = root.issue({{"server"}, "DNS:host"}).private_key;
  CHECK(failure_of(Tls::server(options)) == "invalid_argument " + options.files.private_key +
                                                ": there is a private key without a certificate");
}

TEST_CASE("a pipe or a directory in place of a file is refused without waiting for it") {
  CertificateAuthority root;
  const CertificateFiles files = root.issue({{"server"}, "DNS:host"});
  const std::string pipe = files.certificate + ".pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const TlsOptions& options :
       {with({pipe, files.private_key}), with({files.certificate, pipe}), with(files, pipe)}) {
    CHECK(failure_of(Tls::server(options)) ==
          "invalid_argument " + pipe + ": it is not a regular file");
  }
}

TEST_CASE("an option that gives no file is refused") {
  for (const char* option : {"cert=", "key=", "ca=", "server="}) {
    CAPTURE(option);
    const Endpoint endpoint = Endpoint::parse("tls://localhost:1?" + std::string(option)).value();
    OptionTaker taker(endpoint);
    const auto taken = TlsFiles::take_from(taker, {});
    REQUIRE_FALSE(taken);
    CHECK(taken.error().message().contains("is empty"));
  }
}

TEST_CASE("an endpoint gives each file once") {
  const auto files_of = [](const std::string& options) {
    const Endpoint endpoint = Endpoint::parse("tls://localhost:1?" + options).value();
    OptionTaker taker(endpoint);
    return TlsFiles::take_from(taker, {.roots = "/roots"});
  };
  CHECK(files_of("cert=/c&key=/k&server=ab").value() == TlsFiles{"/c", "/k", "/roots", "ab"});
  CHECK(files_of("ca=/other").value() == TlsFiles{.roots = "/other"});
  for (const char* name : {"cert", "key", "ca", "server"}) {
    const std::string once = std::string(name) + "=/a";
    const auto twice = files_of(once + '&' + once);
    REQUIRE_FALSE(twice);
    CHECK(twice.error().kind == ErrorKind::invalid_argument);
  }
}

TEST_CASE("one file may have the certificate and its key, and its mode is the operator's choice") {
  CertificateAuthority root;
  const CertificateFiles files = root.issue({{"server"}, "DNS:host"});
  std::ofstream(files.certificate, std::ios::app) << std::ifstream(files.private_key).rdbuf();
  REQUIRE(::chmod(files.certificate.c_str(), 0644) == 0);
  const Handshake made(with({files.certificate, ""}), trusting(root.roots()));
  CHECK(made.client.state() == "open");
}

}  // namespace hotline::tls_certificates_test

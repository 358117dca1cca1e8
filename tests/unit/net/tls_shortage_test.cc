#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/tls.h"
#include "support/certificates.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/openssl_shortage.h"
#include "support/tls_handshake.h"
#include "support/tls_options.h"

namespace hotline::tls_shortage_test {
namespace {

using test::accepting;
using test::CertificateAuthority;
using test::CertificateFiles;
using test::End;
using test::Handshake;
using test::MemoryShortage;
using test::OpenSslShortage;
using test::presenting;

TlsOptions with_certificate(CertificateAuthority& root) {
  const CertificateFiles files = root.issue({{"server"}, "DNS:host"});
  TlsOptions options;
  options.files = {files.certificate, files.private_key, root.roots(), {}};
  return options;
}

/// Runs `step` with one allocation of OpenSSL failing in it, after `spared` others. Counts what it
/// returns, or "bad_alloc" if it throws that. Returns false if no allocation has failed.
class Outcomes {
 public:
  template <typename Step>
  bool add(std::size_t spared, Step step) {
    const OpenSslShortage shortage(spared, OpenSslShortage::Extent::one);
    std::string outcome;
    try {
      outcome = step();
    } catch (const std::bad_alloc&) {
      outcome = "bad_alloc";
    }
    if (shortage.has_struck()) ++counts_[outcome];
    return shortage.has_struck();
  }

  int count(const std::string& outcome) const {
    const auto found = counts_.find(outcome);
    return found == counts_.end() ? 0 : found->second;
  }
  int total() const {
    int total = 0;
    for (const auto& [outcome, count] : counts_) total += count;
    return total;
  }

 private:
  std::map<std::string, int> counts_;
};

/// Each allocation fails in turn.
template <typename Step>
Outcomes with_each_allocation_failing(Step step) {
  Outcomes outcomes;
  for (std::size_t spared = 0; outcomes.add(spared, step);) ++spared;
  return outcomes;
}

template <typename Step>
std::size_t count_allocations(Step step) {
  constexpr std::size_t kMany = 1'000'000;
  const OpenSslShortage shortage(kMany);
  step();
  return kMany - shortage.spared_left();
}

std::string outcome_of(const Result<Tls>& made) { return made ? "made" : test::kind_of(made); }

}  // namespace

TEST_CASE("without memory for what is to be sent a handshake, a record and an end fail") {
  Handshake made(accepting("alice"), presenting("alice"));
  REQUIRE(made.client.state() == "open");
  End fresh(Tls::client(presenting("alice"), "alice", "host").value());
  StreamLayer& open = *made.client.layer;
  const auto kind_of_step = [](const auto& step) {
    std::vector<std::byte> out;
    const MemoryShortage shortage(0, MemoryShortage::Extent::one);
    const auto result = step(out);
    CHECK(shortage.has_struck());
    CHECK(out.empty());
    return result ? ErrorKind::closed : result.error().kind;
  };
  Bytes none;
  CHECK(kind_of_step([&](auto& out) { return fresh.layer->open(none, out); }) ==
        ErrorKind::resource_exhausted);
  CHECK(kind_of_step([&](auto& out) { return open.encode(as_bytes("a"), out); }) ==
        ErrorKind::resource_exhausted);
  CHECK(kind_of_step([&](auto& out) { return made.server.layer->encode_end(out); }) ==
        ErrorKind::resource_exhausted);
}

TEST_CASE("settings for which OpenSSL has no memory are not made") {
  CertificateAuthority root;
  const TlsOptions files = with_certificate(root);
  const auto server = [] { return outcome_of(Tls::server(accepting("alice"))); };
  const auto client = [&] { return outcome_of(Tls::client(files, {}, "host")); };
  // They make thousands of allocations, of which the first and the last are ours.
  constexpr std::size_t kLast = 12;
  Outcomes outcomes;
  for (std::size_t last = 1; last <= kLast; ++last) {
    outcomes.add(last - 1, server);
    outcomes.add(count_allocations(server) - last, server);
    outcomes.add(count_allocations(client) - last, client);
  }
  CHECK(outcomes.count("bad_alloc") > 0);
  CHECK(outcomes.count("resource_exhausted") > 0);
}

TEST_CASE("a layer for which OpenSSL has no memory is not made") {
  CertificateAuthority root;
  const TlsOptions files = with_certificate(root);
  for (const Tls& tls :
       {Tls::server(accepting("alice")).value(), Tls::client(files, {}, "host").value(),
        Tls::client(files, {}, "127.0.0.1").value()}) {
    const Outcomes outcomes = with_each_allocation_failing([&] {
      const auto layer = tls.make_layer();
      return layer ? "made" : "null";
    });
    CHECK(outcomes.count("bad_alloc") > 0);
    CHECK(outcomes.count("null") == 0);
  }
}

TEST_CASE("a handshake for which OpenSSL has no memory opens nothing, and blames no peer") {
  const Tls server_settings = Tls::server(accepting("alice")).value();
  const Tls client_settings = Tls::client(presenting("alice"), "alice", "host").value();
  // Each end makes some hundred allocations, and fails at a part of them.
  constexpr std::size_t kStep = 7;
  for (const bool is_at_server : {true, false}) {
    CAPTURE(is_at_server);
    Outcomes outcomes;
    bool has_struck = true;
    for (std::size_t spared = 0; has_struck; spared += kStep) {
      End server(server_settings);
      End client(client_settings);
      client.take(server.out);
      const auto take = [&] {
        End& end = is_at_server ? server : client;
        Bytes wire = is_at_server ? client.out : server.out;
        const auto opened = end.layer->open(wire, end.out);
        if (opened) return *opened ? "open" : "waits";
        CHECK_FALSE(end.layer->identity());
        return opened.error().kind == ErrorKind::permission_denied ? "blames" : "fails";
      };
      if (!is_at_server) server.take(client.out);
      has_struck = outcomes.add(spared, take);
    }
    CHECK(outcomes.count("fails") > 10);
    // OpenSSL does not say of each shortage that it is one.
    CHECK(outcomes.count("blames") * 10 < outcomes.count("fails"));
  }
}

TEST_CASE("a subject is given whole or not at all, and so is a channel binding") {
  CertificateAuthority root;
  const TlsOptions options = with_certificate(root);
  const Handshake made(options, options);
  REQUIRE(made.client.state() == "open");
  StreamLayer& layer = *made.client.layer;
  const Outcomes names = with_each_allocation_failing([&] { return layer.identity()->name; });
  CHECK(names.count("bad_alloc") > 0);
  CHECK(names.count("bad_alloc") + names.count("CN=server") == names.total());
  const Outcomes bindings = with_each_allocation_failing([&] {
    const auto binding = layer.channel_binding();
    return binding ? std::to_string(binding->size()) : "none";
  });
  CHECK(bindings.count("none") > 0);
  CHECK(bindings.count("none") + bindings.count("32") == bindings.total());
}

}  // namespace hotline::tls_shortage_test

#include "hotline/services/ntp.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include <sys/stat.h>

#include "support/temporary_directory.h"

namespace hotline::ntp_test {
namespace {

Result<NtpOptions> options_of(const std::string& query, const NtpOptions& defaults = {}) {
  const auto endpoint = Endpoint::parse("udp://127.0.0.1:0?" + query);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint, Side::server);
  auto options = NtpOptions::take_from(taker, defaults);
  if (options) CHECK(taker.finish());
  return options;
}

Error error_of(const NtpOptions& options) {
  const auto handler = ntp_handler(options);
  REQUIRE_FALSE(handler);
  return handler.error();
}

TEST_CASE("without options the kernel is asked, and each source is answered as often as it asks") {
  const auto endpoint = Endpoint::parse("udp://127.0.0.1:0");
  OptionTaker taker(*endpoint, Side::server);
  const auto options = NtpOptions::take_from(taker, {});
  REQUIRE(options);
  CHECK(options->mirror.empty());
  CHECK_FALSE(options->local_stratum);
  CHECK(options->keys_file.empty());
  CHECK(options->rates.sources == LimitedSources::none);
  CHECK(options->over_rate == NtpOverRate::ignored);
}

TEST_CASE("an endpoint has its own mirror, stratum, keys and limit") {
  CHECK(options_of("mirror=10.0.0.1:1123")->mirror == "10.0.0.1:1123");
  CHECK(options_of("local-stratum=15")->local_stratum == 15);
  CHECK(options_of("keys=/etc/keys")->keys_file == "/etc/keys");
  const auto limited = options_of("limit=1/8s:8&over-limit=kiss");
  CHECK(limited->rates.sources == LimitedSources::all);
  CHECK(limited->rates.burst == 8);
  CHECK(limited->over_rate == NtpOverRate::kissed);
  CHECK(options_of("limit=1/s&over-limit=ignore")->over_rate == NtpOverRate::ignored);
}

TEST_CASE("an endpoint without options keeps the defaults of the program") {
  NtpOptions defaults;
  defaults.local_stratum = 3;
  defaults.keys_file = "/k";
  const auto options = options_of("limit=1/s", defaults);
  CHECK(options->local_stratum == 3);
  CHECK(options->keys_file == "/k");
}

TEST_CASE("a wrong value of an option is refused") {
  for (const char* query : {"local-stratum=0", "local-stratum=16", "local-stratum=x", "limit=often",
                            "limit=1/s&over-limit=drop", "limit=1/s&over-limit=", "over-limit=kiss",
                            "limit=none&over-limit=kiss", "mirror=", "keys="}) {
    CAPTURE(query);
    const auto options = options_of(query);
    REQUIRE_FALSE(options);
    CHECK(options.error().kind == ErrorKind::invalid_argument);
    CHECK_FALSE(options.error().hint().empty());
  }
}

TEST_CASE("a mirror and a local stratum exclude each other") {
  NtpOptions options;
  options.mirror = "127.0.0.1";
  options.local_stratum = 3;
  CHECK(error_of(options).message() ==
        "cannot serve the time of 127.0.0.1: a mirror and a local stratum exclude each other");
}

TEST_CASE("a stratum that does not exist is refused") {
  for (const std::uint8_t stratum : {std::uint8_t{0}, std::uint8_t{16}}) {
    NtpOptions options;
    options.local_stratum = stratum;
    CHECK(error_of(options).kind == ErrorKind::invalid_argument);
  }
}

TEST_CASE("a mirror that is not an address is refused") {
  NtpOptions options;
  for (const char* mirror : {"host:0", "host:65536", "tcp://127.0.0.1:123", ":123"}) {
    CAPTURE(mirror);
    options.mirror = mirror;
    CHECK(error_of(options).kind == ErrorKind::invalid_argument);
  }
}

std::string refusal_at(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint, Side::server);
  const auto handler = ntp_maker()(taker);
  if (handler) return "";
  CHECK(handler.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(handler.error().hint().empty());
  return handler.error().message();
}

TEST_CASE("a mirror that is written as the endpoint itself is refused") {
  for (const char* uri :
       {"udp://127.0.0.1:123?mirror=127.0.0.1", "udp://[::1]:5?mirror=[::1]:5",
        "udp://:123?mirror=127.0.0.1:123", "udp://0.0.0.0:123?mirror=localhost",
        "udp://[::]:123?mirror=::1", "udp://time.example:123?mirror=time.example"}) {
    CAPTURE(uri);
    CHECK(refusal_at(uri).contains("names this endpoint itself"));
  }
  for (const char* uri :
       {"udp://127.0.0.1:124?mirror=127.0.0.1", "udp://10.0.0.1:123?mirror=127.0.0.1",
        "udp://:123?mirror=192.0.2.1", "udp://127.0.0.1:0?mirror=127.0.0.1", "fd:3?mirror=a"}) {
    CAPTURE(uri);
    CHECK(refusal_at(uri) == "");
  }
}

TEST_CASE("a UNIX socket is refused: no client of NTP uses one") {
  for (const char* uri : {"unixgram:@ntp", "unixgram:///run/ntp"}) {
    CAPTURE(uri);
    CHECK(refusal_at(uri).contains("NTP goes over udp only"));
  }
}

TEST_CASE("the keys file is read at once, and a bad one is refused") {
  const test::TemporaryDirectory directory;
  NtpOptions options;
  options.keys_file = directory.file("keys");
  CHECK(error_of(options).kind == ErrorKind::not_found);
  std::ofstream(options.keys_file) << "one MD5 abc\n";
  ::chmod(options.keys_file.c_str(), 0600);
  CHECK(error_of(options).kind == ErrorKind::invalid_argument);
  std::ofstream(options.keys_file) << "1 MD5 abc\n";
  CHECK(ntp_handler(options));
  ::chmod(options.keys_file.c_str(), 0644);
  CHECK(error_of(options).kind == ErrorKind::permission_denied);
}

TEST_CASE("a handler serves datagrams and nothing else") {
  const auto handler = ntp_handler();
  REQUIRE(handler);
  CHECK(handler->datagram());
  CHECK_FALSE(handler->stream());
  CHECK_FALSE(handler->takes_messages());
}

}  // namespace
}  // namespace hotline::ntp_test

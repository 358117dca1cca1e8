#include "hotline/net/endpoint.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::endpoint_test {
namespace {

Endpoint parsed(std::string_view uri) {
  CAPTURE(uri);
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  return *endpoint;
}

/// Returns the message of the refusal; "" if it was not refused.
std::string refusal(std::string_view uri) {
  const auto endpoint = Endpoint::parse(uri);
  if (endpoint) return {};
  CHECK(endpoint.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(endpoint.error().hint().empty());
  CHECK(endpoint.error().message().find('\n') == std::string::npos);
  return endpoint.error().message();
}

}  // namespace

TEST_CASE("a TCP or UDP endpoint has a host and a port") {
  struct Form {
    std::string_view uri;
    Transport transport;
    std::string_view host;
    int port;
  };
  constexpr Form kForms[] = {
      {"tcp://127.0.0.1:8000", Transport::tcp, "127.0.0.1", 8000},
      {"udp://127.0.0.1:8082", Transport::udp, "127.0.0.1", 8082},
      {"tcp://localhost:0", Transport::tcp, "localhost", 0},
      {"tcp://:8000", Transport::tcp, "", 8000},
      {"udp://:65535", Transport::udp, "", 65535},
      {"tcp://[::1]:8000", Transport::tcp, "::1", 8000},
      {"udp://[::]:1", Transport::udp, "::", 1},
      {"tcp://[fe80::1%eth0]:8000", Transport::tcp, "fe80::1%eth0", 8000},
      {"tcp://[::ffff:127.0.0.1]:8", Transport::tcp, "::ffff:127.0.0.1", 8},
      {"tcp://a-b.example_1.org:443", Transport::tcp, "a-b.example_1.org", 443},
  };
  for (const Form& form : kForms) {
    const Endpoint endpoint = parsed(form.uri);
    CHECK(endpoint.transport() == form.transport);
    CHECK(endpoint.host() == form.host);
    CHECK(endpoint.port() == form.port);
    CHECK(endpoint.path().empty());
    CHECK_FALSE(endpoint.is_abstract());
    CHECK(endpoint.to_uri() == form.uri);
  }
}

TEST_CASE("a UNIX endpoint has a path, or a name in the abstract space") {
  CHECK(parsed("unix:///run/hotline.sock").path() == "/run/hotline.sock");
  CHECK(parsed("unix:/run/hotline.sock").path() == "/run/hotline.sock");
  CHECK(parsed("unix:/run/hotline.sock").to_uri() == "unix:///run/hotline.sock");
  CHECK(parsed("unixgram:///a").transport() == Transport::unixgram);
  const Endpoint abstract = parsed("unix:@hotline");
  CHECK(abstract.is_abstract());
  CHECK(abstract.path() == "hotline");
  CHECK(abstract.to_uri() == "unix:@hotline");
  CHECK(parsed("unixgram:@a/b@c").path() == "a/b@c");
}

TEST_CASE("an inherited descriptor is named by its number") {
  CHECK(parsed("fd:3").descriptor() == 3);
  CHECK(parsed("fd:0").descriptor() == 0);
  CHECK(parsed("fd:3").to_uri() == "fd:3");
  CHECK(Endpoint::of_descriptor(7).to_uri() == "fd:7");
}

TEST_CASE("the longest UNIX name has 107 bytes") {
  const std::string longest = "/" + std::string(106, 'p');
  CHECK(parsed("unix://" + longest).path() == longest);
  CHECK(parsed("unix:@" + std::string(107, 'n')).path().size() == 107);
  CHECK(refusal("unix://" + longest + "p").find("longer than 107 bytes") != std::string::npos);
  CHECK_FALSE(refusal("unix:@" + std::string(108, 'n')).empty());
}

TEST_CASE("options are kept as text, in order") {
  const Endpoint endpoint = parsed("tcp://[::1]:80?framing=lines&max=1MiB&empty=&a=b=c");
  REQUIRE(endpoint.options().size() == 4);
  CHECK(endpoint.options()[0].key == "framing");
  CHECK(endpoint.options()[0].value == "lines");
  CHECK(endpoint.options()[2].key == "empty");
  CHECK(endpoint.options()[2].value == "");
  CHECK(endpoint.options()[3].value == "b=c");
  CHECK(endpoint.host() == "::1");
  CHECK(endpoint.to_uri() == "tcp://[::1]:80?framing=lines&max=1MiB&empty=&a=b=c");
  CHECK(endpoint.to_string() == "tcp://[::1]:80");
  CHECK(parsed("unix:@n?a=1").path() == "n");
  CHECK(parsed("fd:3?a=1").descriptor() == 3);
}

TEST_CASE("an invalid endpoint is refused") {
  const std::string_view malformed[] = {"",
                                        ":",
                                        "tcp",
                                        "127.0.0.1:8000",
                                        "tcp:",
                                        "tcp:/",
                                        "tcp://",
                                        "tcp://a",
                                        "tcp://a:",
                                        "tcp:a:1",
                                        "tcp:/a:1",
                                        "tcp://a:b",
                                        "tcp://a:-1",
                                        "tcp://a:+1",
                                        "tcp://a: 1",
                                        "tcp://a:65536",
                                        "tcp://a:1.5",
                                        "tcp://a:0x10",
                                        "tcp://a:8000/",
                                        "tcp://a:99999999999999999999",
                                        "tcp://::1:80",
                                        "tcp://[::1]",
                                        "tcp://[::1]80",
                                        "tcp://[::1:80",
                                        "tcp://[]:80",
                                        "tcp://]:80",
                                        "tcp://[[::1]]:80",
                                        "tcp://a/b:80",
                                        "tcp://user@a:80",
                                        "tcp://a b:80",
                                        "tcp://a\n:80",
                                        "tcp://a\x7f:80",
                                        "tcp://zo\xc3\xab:80",
                                        "tls://a/b@host:80",
                                        "tls://a[@host:80",
                                        "udp://",
                                        "udp://a",
                                        "unix:",
                                        "unix:@",
                                        "unix://",
                                        "unix:///",
                                        "unix:relative",
                                        "unix://relative/path",
                                        "unix://@name",
                                        "unix:/a%",
                                        "unix:/a%zz",
                                        "unix:@a%2",
                                        "unix:/a%00b",
                                        "unixgram:",
                                        "unixgram:x",
                                        "fd:",
                                        "fd:x",
                                        "fd:-1",
                                        "fd:+1",
                                        "fd: 1",
                                        "fd:3.",
                                        "fd://3",
                                        "fd:99999999999",
                                        " tcp://a:1",
                                        "tcp://a:1 "};
  for (const std::string_view uri : malformed) {
    CAPTURE(uri);
    CHECK(refusal(uri).starts_with("cannot understand the endpoint '"));
  }
}

TEST_CASE("options that are not pairs are refused") {
  for (const std::string_view query :
       {"?", "?a", "?=b", "?a=1&", "?&", "?&a=1", "?a=1&&b=2", "?a=1&b"}) {
    CAPTURE(query);
    const auto endpoint = Endpoint::parse("tcp://a:1" + std::string(query));
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().hint() == "write ?KEY=VALUE&KEY=VALUE");
  }
}

TEST_CASE("an unknown scheme is refused with the names of the known ones") {
  for (const std::string_view uri : {"http://a:1", "TCP://a:1", "tcp4://a:1", "file:///a", "x:"}) {
    const auto endpoint = Endpoint::parse(uri);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().message().find("there is no scheme") != std::string::npos);
    CHECK(endpoint.error().hint() == "the schemes are tcp, udp, unix, unixgram, tls and fd");
  }
}

TEST_CASE("a host and a port without a scheme are refused with the endpoint that may be meant") {
  for (const std::string uri : {"localhost:8000", "127.0.0.1:8000", ":0", "h:1?framing=lines"}) {
    const auto endpoint = Endpoint::parse(uri);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().hint() == "did you mean 'tcp://" + uri + "'?");
    CHECK(Endpoint::parse("tcp://" + uri));
  }
  for (const std::string_view uri : {"localhost", "localhost:", "localhost:http", "h:65536"}) {
    const auto endpoint = Endpoint::parse(uri);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().hint().find("did you mean") == std::string::npos);
  }
}

TEST_CASE("a refused endpoint is shown escaped, because it may contain anything") {
  CHECK(refusal("tcp://\x1b[2J:1").find("\\x1b[2J") != std::string::npos);
  CHECK(refusal("\"\n").find('\n') == std::string::npos);
}

TEST_CASE("an IPv6 address without brackets is refused, and the hint adds them") {
  const auto endpoint = Endpoint::parse("tcp://::1:8000");
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().hint().find("[::1]") != std::string::npos);
}

TEST_CASE("the hint for a missing or wrong port shows the form and the ports there are") {
  for (const char* uri : {"udp://127.0.0.1", "udp://127.0.0.1:", "udp://127.0.0.1:65536"}) {
    CAPTURE(uri);
    const auto endpoint = Endpoint::parse(uri);
    REQUIRE_FALSE(endpoint);
    CHECK(endpoint.error().hint() ==
          "write udp://HOST:PORT with a PORT from 0 to 65535, as in udp://127.0.0.1:8000; an IPv6 "
          "address goes in brackets: udp://[::1]:8000");
  }
}

TEST_CASE("a formatted endpoint parses to the same, whatever bytes a path has") {
  for (const std::string_view uri : {"unix:///tmp/with\\backslash", "unix:///tmp/with\"quote",
                                     "unix:///tmp/gr\xc3\xbc\xc3\x9f"
                                     "e",
                                     "unix:@\xe4\xb8\x96\xe7\x95\x8c", "unixgram:///tmp/100%25"}) {
    const Endpoint first = parsed(uri);
    const Endpoint second = parsed(first.to_uri());
    CHECK(second.path() == first.path());
    CHECK(second.host() == first.host());
    CHECK(second.to_uri() == first.to_uri());
  }
}

TEST_CASE("two endpoints are equal if all that a URI can say of them is") {
  for (const std::string_view uri :
       {"tcp://127.0.0.1:80", "udp://127.0.0.1:80", "tcp://127.0.0.1:81", "tcp://127.0.0.2:80",
        "tcp://127.0.0.1:80?a=1", "tcp://127.0.0.1:80?a=2", "tcp://127.0.0.1:80?b=1", "unix:///a",
        "unix:@/a", "unixgram:///a", "fd:3", "fd:4"}) {
    for (const std::string_view other : {"tcp://127.0.0.1:80", "unix:///a", "fd:3"}) {
      CAPTURE(uri);
      CAPTURE(other);
      CHECK((parsed(uri) == parsed(other)) == (uri == other));
    }
  }
  CHECK(parsed("unix:/a") == parsed("unix:///a"));
}

TEST_CASE("a name in the abstract space may have any byte, a path has no zero") {
  CHECK(parsed("unix:@a%00b").path() == std::string("a\0b", 3));
  CHECK(parsed("unix:/a%01b").path() == "/a\1b");
}

TEST_CASE("another port leaves the options behind") {
  const Endpoint endpoint = parsed("tcp://[::1]:0?a=1").with_port(8000);
  CHECK(endpoint.to_uri() == "tcp://[::1]:8000");
}

TEST_CASE("an endpoint of TLS is not exposed, although other machines reach it") {
  CHECK_FALSE(parsed("tls://:1").is_exposed());
  CHECK_FALSE(parsed("tls://:1").is_local());
}

TEST_CASE("UNIX sockets and loopback addresses are local, others are not") {
  for (const std::string_view uri :
       {"unix:///a", "unix:@a", "unixgram:@a", "tcp://127.0.0.1:1", "udp://127.255.0.9:1",
        "tcp://[::1]:1", "tcp://[::ffff:127.0.0.1]:1", "tcp://localhost:1"}) {
    CAPTURE(uri);
    CHECK(parsed(uri).is_local());
    CHECK_FALSE(parsed(uri).is_exposed());
  }
  for (const std::string_view uri :
       {"tcp://:1", "tcp://0.0.0.0:1", "tcp://[::]:1", "udp://10.0.0.1:1", "tcp://128.0.0.1:1",
        "tcp://127.example.org:1", "tcp://localhost.org:1", "tcp://[::ffff:10.0.0.1]:1",
        "tcp://[fe80::1%lo]:1"}) {
    CAPTURE(uri);
    CHECK_FALSE(parsed(uri).is_local());
    CHECK(parsed(uri).is_exposed());
  }
}

TEST_CASE("only UDP and UNIX datagrams have messages") {
  CHECK(is_datagram(Transport::udp));
  CHECK(is_datagram(Transport::unixgram));
  CHECK_FALSE(is_datagram(Transport::tcp));
  CHECK_FALSE(is_datagram(Transport::unix_));
  CHECK_FALSE(is_datagram(Transport::fd));
}

}  // namespace hotline::endpoint_test

#include "hotline/services/ntp_client.h"

#include <doctest/doctest.h>

namespace hotline::ntp_uri_test {
namespace {

TEST_CASE("a server is written with or without a port, or as a URI") {
  CHECK(NtpClient::uri_of("host") == "udp://host:123");
  CHECK(NtpClient::uri_of("host:1123") == "udp://host:1123");
  CHECK(NtpClient::uri_of("192.0.2.1") == "udp://192.0.2.1:123");
  CHECK(NtpClient::uri_of("[::1]") == "udp://[::1]:123");
  CHECK(NtpClient::uri_of("[::1]:9") == "udp://[::1]:9");
  CHECK(NtpClient::uri_of("fd00::1") == "udp://[fd00::1]:123");
  CHECK(NtpClient::uri_of("[fd00::1") == "udp://[fd00::1:123");
  CHECK(NtpClient::uri_of("host?source=127.0.0.1") == "udp://host:123?source=127.0.0.1");
  CHECK(NtpClient::uri_of("udp://host:5") == "udp://host:5");
}

}  // namespace
}  // namespace hotline::ntp_uri_test

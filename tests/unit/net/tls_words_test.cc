#include "net/tls_words.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <doctest/doctest.h>

namespace hotline::net::tls_words_test {
namespace {

std::string reason_of(int reason, int part = ERR_LIB_SSL) {
  return tls_words(ERR_PACK(part, 0, reason));
}

}  // namespace

TEST_CASE("an alert is said in plain words, with its name") {
  CHECK(reason_of(SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) ==
        "it requires a certificate of this end (alert certificate_required)");
  CHECK(reason_of(SSL_R_TLSV1_ALERT_UNKNOWN_CA) ==
        "it does not trust the root of this end's certificate (alert unknown_ca)");
  CHECK(reason_of(SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) ==
        "it does not speak TLS 1.3 (alert protocol_version)");
}

TEST_CASE("every alert of the standard has words of its own") {
  for (const int alert : {10, 20, 22, 40, 42, 43, 44,  45,  46,  47,  48, 49,
                          50, 51, 70, 71, 80, 90, 109, 112, 115, 116, 120}) {
    CAPTURE(alert);
    const std::string reason = reason_of(SSL_AD_REASON_OFFSET + alert);
    CHECK_FALSE(reason.starts_with("it ended TLS"));
    CHECK(reason.ends_with(")"));
  }
}

TEST_CASE("another alert is an end of TLS, with its number") {
  CHECK(reason_of(SSL_AD_REASON_OFFSET + 86) == "it ended TLS (alert 86)");
  CHECK(reason_of(SSL_AD_REASON_OFFSET + 254) == "it ended TLS (alert 254)");
}

TEST_CASE("what this end finds is said in plain words") {
  for (const int reason : {SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST}) {
    CHECK(reason_of(reason) == "it does not speak TLS there");
  }
  CHECK(reason_of(SSL_R_UNSUPPORTED_PROTOCOL) == "it does not speak TLS 1.3");
  CHECK(reason_of(SSL_R_BINDER_DOES_NOT_VERIFY) == "its key is not the expected one");
  CHECK(reason_of(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) == "it sent no certificate");
}

TEST_CASE("a finding without words of its own has those of OpenSSL") {
  // A program that uses TLS has the words; this test may be the first to need them.
  REQUIRE(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr) == 1);
  CHECK(reason_of(SSL_R_BAD_EXTENSION) == "it violates TLS: bad extension");
  CHECK(reason_of(ERR_R_MALLOC_FAILURE, ERR_LIB_EVP) == "TLS failed: malloc failure");
  CHECK(tls_words(0) == "it does not speak TLS there");
}

}  // namespace hotline::net::tls_words_test

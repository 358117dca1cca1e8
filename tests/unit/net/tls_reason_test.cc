#include "net/tls_reason.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <initializer_list>

#include <doctest/doctest.h>

namespace hotline::net::tls_reason_test {

TEST_CASE("the first error of a thread is the reason, in OpenSSL's words") {
  // A program that uses TLS has the words; this test may be the first to need them.
  REQUIRE(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr) == 1);
  ERR_clear_error();
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_RECORD_TYPE);
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  const TlsReason reason = TlsReason::take();
  CHECK(reason.text() == "bad record type");
  CHECK(reason.fault == TlsReason::Fault::other);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a failure inside is noticed wherever it is among the errors, that of memory first") {
  const auto fault_of = [](std::initializer_list<int> reasons) {
    ERR_clear_error();
    for (const int each : reasons) ERR_raise(ERR_LIB_SSL, each);
    return TlsReason::take().fault;
  };
  constexpr int kOther = SSL_R_BAD_LENGTH;
  CHECK(fault_of({kOther, ERR_R_INTERNAL_ERROR, kOther}) == TlsReason::Fault::internal);
  CHECK(fault_of({ERR_R_INTERNAL_ERROR, ERR_R_MALLOC_FAILURE}) == TlsReason::Fault::memory);
  CHECK(fault_of({ERR_R_MALLOC_FAILURE, ERR_R_INTERNAL_ERROR}) == TlsReason::Fault::memory);
  CHECK(fault_of({}) == TlsReason::Fault::other);
}

TEST_CASE("an error without words has its number") {
  CHECK(TlsReason{ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + 200)}.text() ==
        "OpenSSL has no words for its error 1200");
  CHECK(TlsReason{}.text() == "OpenSSL has no words for its error 0");
}

}  // namespace hotline::net::tls_reason_test

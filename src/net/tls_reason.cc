#include "net/tls_reason.h"

#include <openssl/err.h>

#include <algorithm>

namespace hotline::net {
namespace {

TlsReason::Fault fault_of(unsigned long code) {
  switch (ERR_GET_REASON(code)) {
    case ERR_R_MALLOC_FAILURE: return TlsReason::Fault::memory;
    case ERR_R_INTERNAL_ERROR: return TlsReason::Fault::internal;
    default: return TlsReason::Fault::other;
  }
}

}  // namespace

TlsReason TlsReason::take() {
  TlsReason taken{.code = ERR_peek_error()};
  while (const unsigned long code = ERR_get_error()) {
    taken.fault = std::max(taken.fault, fault_of(code));
  }
  return taken;
}

std::string TlsReason::text() const {
  if (const char* const words = ERR_reason_error_string(code)) return words;
  return "OpenSSL has no words for its error " + std::to_string(ERR_GET_REASON(code));
}

}  // namespace hotline::net

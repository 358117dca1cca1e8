#pragma once

#include <string>

namespace hotline::net {

/// Returns in plain words what the error `code` of OpenSSL (err.h) says about the other end of a
/// TLS connection. The name of an alert, as in RFC 8446, section 6, follows the words.
std::string tls_words(unsigned long code);

}  // namespace hotline::net

#pragma once

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/tls_layer.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// What a certificate says.
struct CertificateFields {
  std::vector<std::string> common_names{};  ///< Each is one CN of the subject.

  /// As OpenSSL's configuration has them: `DNS:host,IP:127.0.0.1`.
  std::string alternative_names{};

  /// From now on; the past is negative.
  std::chrono::seconds begins{-3600};
  std::chrono::seconds ends{3600};

  int name_type = MBSTRING_UTF8;  ///< The common names, as X509_NAME_add_entry_by_txt(3) has it.
};

struct CertificateFiles {
  std::string certificate;
  std::string private_key;
};

/// A root of certificates, with a new Ed25519 key. The destructor removes its files.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "the root");

  /// Returns the file with the certificate of the root.
  const std::string& roots() const { return roots_; }

  /// Returns the path of a file of that name in the directory of the root.
  std::string file(const std::string& name) const { return directory_.file(name); }

  /// Makes a key and its certificate, in files of their own.
  CertificateFiles issue(const CertificateFields& fields);

 private:
  using Key = std::unique_ptr<EVP_PKEY, net::OpenSslDelete<EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, net::OpenSslDelete<X509_free>>;

  static Key make_key();
  Certificate sign(const CertificateFields& fields, EVP_PKEY* key) const;

  TemporaryDirectory directory_;
  Key key_ = make_key();
  Certificate root_;
  std::string roots_ = file("roots.pem");
  int issued_ = 0;
};

}  // namespace hotline::test

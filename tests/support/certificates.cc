#include "support/certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <doctest/doctest.h>

namespace hotline::test {
namespace {

using File = std::unique_ptr<BIO, net::OpenSslDelete<BIO_free_all>>;

File create(const std::string& path) {
  File file(BIO_new_file(path.c_str(), "w"));
  REQUIRE(file);
  return file;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, net::OpenSslDelete<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  REQUIRE(extension);
  REQUIRE(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void set_subject(X509* certificate, const CertificateFields& fields) {
  for (const std::string& each : fields.common_names) {
    const auto* const text = reinterpret_cast<const unsigned char*>(each.c_str());
    REQUIRE(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", fields.name_type,
                                       text, -1, -1, 0) == 1);
  }
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& name) {
  root_ = sign({.common_names = {name}}, key_.get());
  REQUIRE(PEM_write_bio_X509(create(roots_).get(), root_.get()) == 1);
}

CertificateFiles CertificateAuthority::issue(const CertificateFields& fields) {
  const std::string name = file(std::to_string(issued_++));
  const CertificateFiles files{name + ".pem", name + ".key"};
  const Key key = make_key();
  const Certificate made = sign(fields, key.get());
  REQUIRE(PEM_write_bio_X509(create(files.certificate).get(), made.get()) == 1);
  REQUIRE(PEM_write_bio_PrivateKey(create(files.private_key).get(), key.get(), nullptr, nullptr, 0,
                                   nullptr, nullptr) == 1);
  REQUIRE(::chmod(files.private_key.c_str(), 0600) == 0);
  return files;
}

CertificateAuthority::Key CertificateAuthority::make_key() {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  REQUIRE(key);
  return key;
}

/// Without a root yet, it makes that of the root.
CertificateAuthority::Certificate CertificateAuthority::sign(const CertificateFields& fields,
                                                             EVP_PKEY* key) const {
  Certificate made(X509_new());
  REQUIRE(made);
  X509* const issuer = root_ ? root_.get() : made.get();
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), issued_ + 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), fields.begins.count());
  X509_gmtime_adj(X509_getm_notAfter(made.get()), fields.ends.count());
  set_subject(made.get(), fields);
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  X509_set_pubkey(made.get(), key);
  add_extension(made.get(), issuer, NID_basic_constraints,
                root_ ? "critical,CA:FALSE" : "critical,CA:TRUE");
  if (!fields.alternative_names.empty()) {
    add_extension(made.get(), issuer, NID_subject_alt_name, fields.alternative_names);
  }
  REQUIRE(X509_sign(made.get(), key_.get(), nullptr) > 0);
  return made;
}

}  // namespace hotline::test

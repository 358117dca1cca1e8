#include "net/tls_words.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <iterator>

#include "net/tls_reason.h"

namespace hotline::net {
namespace {

struct FindingRow {
  int reason;
  const char* words;
};

/// The name is that of RFC 8446.
struct AlertRow {
  int number;
  const char* name;
  const char* words;
};

constexpr char kNotTls[] = "it does not speak TLS there";
constexpr char kOldTls[] = "it does not speak TLS 1.3";
constexpr char kChanged[] = "a record was changed on the way, or has another key";

constexpr AlertRow kAlerts[] = {
    {SSL_AD_UNEXPECTED_MESSAGE, "unexpected_message",
     "it refused a message that has no place there"},
    {SSL_AD_BAD_RECORD_MAC, "bad_record_mac",
     "it refused a record that was changed or has another key"},
    {SSL_AD_RECORD_OVERFLOW, "record_overflow", "it refused a record that is too long"},
    {SSL_AD_HANDSHAKE_FAILURE, "handshake_failure",
     "it accepts none of the ciphers and keys that were offered"},
    {SSL_AD_BAD_CERTIFICATE, "bad_certificate", "it refused the certificate of this end"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate",
     "it does not accept certificates of this kind"},
    {SSL_AD_CERTIFICATE_REVOKED, "certificate_revoked", "the certificate of this end is revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "certificate_expired", "the certificate of this end has expired"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "certificate_unknown", "it refused the certificate of this end"},
    {SSL_AD_ILLEGAL_PARAMETER, "illegal_parameter", "it refused a value in the handshake"},
    {SSL_AD_UNKNOWN_CA, "unknown_ca", "it does not trust the root of this end's certificate"},
    {SSL_AD_ACCESS_DENIED, "access_denied", "it does not allow this caller"},
    {SSL_AD_DECODE_ERROR, "decode_error", "it could not read a message"},
    {SSL_AD_DECRYPT_ERROR, "decrypt_error",
     "the key or the signature of this end is not the expected one"},
    {SSL_AD_PROTOCOL_VERSION, "protocol_version", kOldTls},
    {SSL_AD_INSUFFICIENT_SECURITY, "insufficient_security", "it requires stronger ciphers"},
    {SSL_AD_INTERNAL_ERROR, "internal_error", "it failed for a reason of its own"},
    {SSL_AD_USER_CANCELLED, "user_canceled", "it broke the handshake off"},
    {SSL_AD_MISSING_EXTENSION, "missing_extension",
     "it requires a key or an extension that this end did not offer"},
    {SSL_AD_UNRECOGNIZED_NAME, "unrecognized_name",
     "it has no certificate for the name that was asked for"},
    {SSL_AD_UNKNOWN_PSK_IDENTITY, "unknown_psk_identity", "it does not know the key of this end"},
    {SSL_AD_CERTIFICATE_REQUIRED, "certificate_required", "it requires a certificate of this end"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "no_application_protocol", "it serves another protocol"},
};

// What this end found.
constexpr FindingRow kFindings[] = {
    {SSL_R_WRONG_VERSION_NUMBER, kNotTls},
    {SSL_R_HTTP_REQUEST, kNotTls},
    {SSL_R_HTTPS_PROXY_REQUEST, kNotTls},
    {SSL_R_BAD_RECORD_TYPE, kNotTls},
    {SSL_R_UNKNOWN_PROTOCOL, kOldTls},
    {SSL_R_UNSUPPORTED_PROTOCOL, kOldTls},
    {SSL_R_VERSION_TOO_LOW, kOldTls},
    {SSL_R_WRONG_SSL_VERSION, kOldTls},
    {SSL_R_NO_SHARED_CIPHER, "it offers no cipher that this end accepts"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "it offers no key exchange that this end accepts"},
    {SSL_R_BINDER_DOES_NOT_VERIFY, "its key is not the expected one"},
    {SSL_R_BAD_PSK, "its key is not the expected one"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "it sent no certificate"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, kChanged},
    {SSL_R_UNEXPECTED_MESSAGE, "it sent a message that has no place there"},
    {SSL_R_UNEXPECTED_RECORD, "it sent a record that has no place there"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "it sent a record that is too long"},
};

std::string reason_of_alert(int number) {
  const auto alert = std::ranges::find(kAlerts, number, &AlertRow::number);
  if (alert == std::end(kAlerts)) return "it ended TLS (alert " + std::to_string(number) + ")";
  return std::string(alert->words) + " (alert " + alert->name + ")";
}

}  // namespace

std::string tls_words(unsigned long code) {
  if (code == 0) return kNotTls;
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return "TLS failed: " + TlsReason{.code = code}.text();
  const int reason = ERR_GET_REASON(code);
  if (reason > SSL_AD_REASON_OFFSET) return reason_of_alert(reason - SSL_AD_REASON_OFFSET);
  const auto finding = std::ranges::find(kFindings, reason, &FindingRow::reason);
  if (finding != std::end(kFindings)) return finding->words;
  return "it violates TLS: " + TlsReason{.code = code}.text();
}

}  // namespace hotline::net

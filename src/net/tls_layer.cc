#include "net/tls_layer.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "hotline/core/literal.h"
#include "net/tls_reason.h"
#include "net/tls_words.h"

namespace hotline::net {
namespace {

constexpr Literal kHandshake = "complete the TLS handshake with";
constexpr Literal kReceiveFrom = "receive from";
constexpr Literal kSendTo = "send to";

// RFC 8446, section 6; OpenSSL sends illegal_parameter for a message that is too long.
enum class Alert : std::uint8_t { unexpected_message = 10, illegal_parameter = 47 };

/// Returns the record of a fatal alert that is not encrypted.
std::array<std::byte, 7> record_of(Alert alert) {
  return {std::byte{21}, std::byte{3}, std::byte{3},    std::byte{0},
          std::byte{2},  std::byte{2}, std::byte(alert)};
}

// The random number of a ServerHello that asks for another ClientHello: RFC 8446, section 4.1.3.
constexpr std::string_view kAskAgain =
    "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
    "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

/// Returns true if the first record of `reply` asks the caller for another ClientHello.
bool asks_again(Bytes reply) {
  constexpr std::size_t kRandomAt = 11;  // Heads of record and message, and the version.
  return as_text(reply).substr(0, kRandomAt + kAskAgain.size()).ends_with(kAskAgain);
}

// RFC 9266, section 2.
constexpr std::string_view kBindingLabel = "EXPORTER-Channel-Binding";
constexpr std::size_t kBindingBytes = 32;

// Eight updates of the keys take as long as a fiber may run in a turn.
constexpr std::size_t kIdleStepsOfCall = 16;

int read_wire(BIO* bio, char* into, std::size_t size, std::size_t* taken) {
  BIO_clear_retry_flags(bio);
  TlsLayer::Wire& wire = *static_cast<TlsLayer::Wire*>(BIO_get_data(bio));
  Bytes& in = wire.in;
  // OpenSSL goes on by itself from record to record until one has plain bytes.
  if (in.empty() || wire.is_idle_too_long()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  *taken = std::min(in.size(), size);
  std::copy_n(in.begin(), *taken, reinterpret_cast<std::byte*>(into));
  in = in.subspan(*taken);
  return 1;
}

int write_wire(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) try {
  BIO_clear_retry_flags(bio);
  std::vector<std::byte>& out = static_cast<TlsLayer::Wire*>(BIO_get_data(bio))->out;
  const Bytes added = as_bytes(std::string_view(bytes, size));
  out.insert(out.end(), added.begin(), added.end());
  *written = size;
  return 1;
} catch (const std::bad_alloc&) {
  return -1;
}

long control_wire(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int create_wire(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* wire_method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hotline");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_read_ex(method, read_wire);
    BIO_meth_set_write_ex(method, write_wire);
    BIO_meth_set_ctrl(method, control_wire);
    BIO_meth_set_create(method, create_wire);
    return method;
  }();
  return kMethod;
}

/// Counts what OpenSSL reads. Called for each record with its header, and for each message in one.
void note_read(int is_sent, int, int type, const void*, std::size_t, SSL*, void* argument) {
  TlsLayer::Wire& wire = *static_cast<TlsLayer::Wire*>(argument);
  const bool is_counted = type == SSL3_RT_HEADER || type == SSL3_RT_HANDSHAKE;
  if (is_sent != 0 || !is_counted || !wire.is_open) return;
  ++wire.idle_count;
  ++wire.idle_steps;
}

void free_bytes(unsigned char* bytes) { OPENSSL_free(bytes); }

std::string subject_of(const X509* certificate) {
  const std::unique_ptr<BIO, OpenSslDelete<BIO_free_all>> text(BIO_new(BIO_s_mem()));
  constexpr auto kForm = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  // A part of a subject must not look like a whole one.
  if (!text || X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, kForm) < 0) {
    throw std::bad_alloc();
  }
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  std::string subject;
  if (size > 0) subject.assign(bytes, static_cast<std::size_t>(size));
  return subject;
}

/// Returns the common name of the subject if it has exactly one, otherwise an empty text.
std::string common_name_of(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return {};
  unsigned char* bytes = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
  if (size < 0) return {};
  const std::unique_ptr<unsigned char, OpenSslDelete<free_bytes>> owner(bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace

/// Lends the bytes to OpenSSL for one call.
class TlsLayer::Exchange {
 public:
  Exchange(TlsLayer& layer, Bytes& in, std::vector<std::byte>& out)
      : wire_(layer.wire_), in_(in), out_(out) {
    swap();
    ERR_clear_error();
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { swap(); }

 private:
  void swap() noexcept {
    std::swap(wire_.in, in_);
    std::swap(wire_.out, out_);
  }

  Wire& wire_;
  Bytes& in_;
  std::vector<std::byte>& out_;
};

TlsLayer::TlsLayer(SslPointer ssl, Trust trust, std::shared_ptr<const void> settings)
    : settings_(std::move(settings)), ssl_(std::move(ssl)), trust_(trust) {
  BIO* const bio = BIO_new(wire_method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &wire_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_msg_callback(ssl_.get(), note_read);
  SSL_set_msg_callback_arg(ssl_.get(), &wire_);
  SSL_set_app_data(ssl_.get(), this);
  if (SSL_is_server(ssl_.get()) == 1) hello_ = std::make_unique<ClientHello>();
}

TlsLayer* TlsLayer::of(SSL* ssl) { return static_cast<TlsLayer*>(SSL_get_app_data(ssl)); }

/// A failure that is not the peer's must not look like one: a server penalises those.
Error TlsLayer::failure_of(int result, std::string_view operation) const {
  // The layer does no I/O: what fails outside of OpenSSL is an allocation.
  const bool is_outside = SSL_get_error(ssl_.get(), result) == SSL_ERROR_SYSCALL;
  const TlsReason reason = TlsReason::take();
  if (is_outside || reason.fault == TlsReason::Fault::memory) {
    return {ErrorKind::resource_exhausted, ENOMEM, operation, {}, {}, {}};
  }
  if (reason.fault == TlsReason::Fault::internal) {
    return {ErrorKind::system, 0, operation, {}, "OpenSSL failed here: " + reason.text(), {}};
  }
  return {ErrorKind::protocol_violation, 0, operation, {}, tls_words(reason.code), {}};
}

Error TlsLayer::handshake_failure(int result) const {
  const long verified = SSL_get_verify_result(ssl_.get());
  Error failure = failure_of(result, kHandshake);
  if (failure.kind != ErrorKind::protocol_violation) return failure;
  failure.kind = ErrorKind::permission_denied;
  if (trust_ == Trust::certificate && verified != X509_V_OK) {
    failure.detail = "its certificate is not accepted: ";
    failure.detail.append(X509_verify_cert_error_string(verified));
  }
  failure.advice = trust_ == Trust::key
                       ? "do both ends have the same key, and is it in the list of the server?"
                       : "does the certificate lead to a root that the other end trusts?";
  return failure;
}

Result<bool> TlsLayer::open(Bytes& wire, std::vector<std::byte>& out) {
  return hello_ ? open_to_caller(wire, out) : shake_hands(wire, out);
}

/// Nothing is reserved for a caller before its first message is complete.
Result<bool> TlsLayer::open_to_caller(Bytes& wire, std::vector<std::byte>& out) {
  const auto refuse = [&](Alert alert, ErrorKind kind, std::string why) {
    const auto record = record_of(alert);
    out.insert(out.end(), record.begin(), record.end());
    return fail(make_error(kind, kHandshake, {}, std::move(why)));
  };
  switch (hello_->take(wire)) {
    case ClientHello::Verdict::incomplete: return false;
    case ClientHello::Verdict::complete: break;
    case ClientHello::Verdict::too_long:
      return refuse(Alert::illegal_parameter, ErrorKind::too_large,
                    "its first message is longer than " + std::to_string(ClientHello::kMessageMax) +
                        " bytes");
    case ClientHello::Verdict::empty_record:
      return refuse(Alert::unexpected_message, ErrorKind::protocol_violation,
                    "it sent an empty record in the handshake");
  }
  const std::unique_ptr<ClientHello> hello = std::move(hello_);
  Bytes first = hello->bytes();
  const std::size_t sent = out.size();
  auto opened = shake_hands(first, out);
  if (asks_again(Bytes(out).subspan(sent))) hello_ = std::make_unique<ClientHello>();
  if (!opened || wire.empty()) return opened;
  return open(wire, out);
}

Result<bool> TlsLayer::shake_hands(Bytes& wire, std::vector<std::byte>& out) {
  const Exchange exchange(*this, wire, out);
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    if (auto trusted = check_trust(); !trusted) return fail(std::move(trusted.error()));
    is_trusted_ = wire_.is_open = true;
    return true;
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return false;
  return fail(handshake_failure(result));
}

/// OpenSSL may complete a handshake without the key if an end allows it: neither end of ours does.
Result<void> TlsLayer::check_trust() const {
  if (trust_ == Trust::key && (SSL_session_reused(ssl_.get()) != 1 || key_name_.empty())) {
    return fail(
        make_error(ErrorKind::permission_denied, kHandshake, {}, "the peer did not use the key"));
  }
  return {};
}

Result<std::size_t> TlsLayer::decode(Bytes& wire, MutableBytes plain, std::vector<std::byte>& out) {
  const Exchange exchange(*this, wire, out);
  std::size_t total = 0;
  const std::size_t idle_end = wire_.idle_steps + kIdleStepsOfCall;
  // Plain bytes that come so slowly are returned first, so that other streams can go on.
  while (!end_ && total < plain.size() && wire_.idle_steps < idle_end) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), plain.data() + total, plain.size() - total, &count);
    total += count;
    if (result == 1) {
      note_plain();
      continue;
    }
    end_ = end_of_read(result);
    if (!end_) break;
  }
  // What came before the end is delivered first.
  if (total > 0 || !end_) return total;
  return fail(*end_);
}

/// The record with the bytes was not idle, unless they are the rest of one.
void TlsLayer::note_plain() {
  const bool is_new = std::exchange(wire_.idle_count, 0) > 0;
  if (is_new && wire_.idle_steps > 0) --wire_.idle_steps;
}

/// Returns nullopt if more bytes must arrive.
std::optional<Error> TlsLayer::end_of_read(int result) const {
  if (wire_.is_idle_too_long()) {
    return make_error(ErrorKind::protocol_violation, kReceiveFrom, {},
                      "it sends too many records of TLS without data");
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return std::nullopt;
  if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_ZERO_RETURN) {
    return failure_of(result, kReceiveFrom);
  }
  return Error{ErrorKind::closed, 0, kReceiveFrom, {}, {}, {}};
}

Result<void> TlsLayer::encode(Bytes plain, std::vector<std::byte>& out) {
  if (plain.empty()) return {};
  Bytes none;
  const Exchange exchange(*this, none, out);
  std::size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written);
  if (result == 1) return {};
  return fail(failure_of(result, kSendTo));
}

Result<void> TlsLayer::encode_end(std::vector<std::byte>& out) {
  Bytes none;
  const Exchange exchange(*this, none, out);
  if (const int result = SSL_shutdown(ssl_.get()); result < 0) {
    return fail(failure_of(result, kSendTo));
  }
  return {};
}

/// OpenSSL's own note of an end is set by every fatal alert too.
ErrorKind TlsLayer::end_of_wire() const {
  const bool is_whole = end_ && end_->kind == ErrorKind::closed;
  return is_whole ? ErrorKind::closed : ErrorKind::truncated;
}

bool TlsLayer::has_buffered() const { return end_ || SSL_pending(ssl_.get()) > 0; }

/// A name that the peer has not proved yet, or could not prove, is none.
std::optional<Identity> TlsLayer::identity() const {
  if (!is_trusted_) return std::nullopt;
  if (trust_ == Trust::key) {
    return Identity{.name = key_name_, .kind = Identity::Kind::key};
  }
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return std::nullopt;
  return Identity{.name = subject_of(certificate),
                  .kind = Identity::Kind::certificate,
                  .common_name = common_name_of(certificate)};
}

std::optional<Secret> TlsLayer::channel_binding() const {
  if (!is_trusted_) return std::nullopt;
  Secret binding(kBindingBytes);
  const MutableBytes bytes = binding.fill();
  const int made = SSL_export_keying_material(
      ssl_.get(), reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
      kBindingLabel.data(), kBindingLabel.size(), nullptr, 0, 0);
  if (made != 1) return std::nullopt;
  return binding;
}

}  // namespace hotline::net

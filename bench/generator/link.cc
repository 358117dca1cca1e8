#include "link.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "clock.h"
#include "failure.h"

namespace bench {
namespace {

constexpr std::size_t kChallengeBytes = 32;

void set_nonblocking(const Descriptor& socket) {
  if (fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) throw Failure::system("fcntl");
}

// 0 for an operation that has to wait.
std::size_t result_of(SSL* ssl, int returned, std::size_t count, const char* what) {
  if (returned == 1) return count;
  const int reason = SSL_get_error(ssl, returned);
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return 0;
  if (reason == SSL_ERROR_ZERO_RETURN) throw Failure("short reply: the server ended TLS");
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  throw Failure(std::string(what) + ": " + (text != nullptr ? text : "the server hung up"));
}

}  // namespace

Opener::Opener(const Options& options)
    : options_(options),
      context_(options.trust.has_tls() ? trust::client_context(options.trust) : nullptr) {}

Link::Link(const Opener& opener, std::uint64_t serial)
    : socket_(connect_stream(opener.options_.server, serial)) {
  if (!opener.options_.secret.empty()) secret_ = &opener.options_.secret;
  if (!opener.context_) return;
  set_nonblocking(socket_);
  // Otherwise the first message waits until the end of the handshake is acknowledged.
  set_no_delay(socket_);
  ssl_.reset(SSL_new(opener.context_.get()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.get()) != 1) throw Failure("no memory for TLS");
  SSL_set_connect_state(ssl_.get());
}

bool Link::is_open() {
  if (secret_ != nullptr && !answer_challenge()) return false;
  if (!ssl_ || SSL_is_init_finished(ssl_.get()) == 1) return true;
  ERR_clear_error();
  return result_of(ssl_.get(), SSL_do_handshake(ssl_.get()), 1, "TLS handshake") == 1;
}

void Link::open() {
  while (!is_open()) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(kSilenceMax / kMillisecond)) != 1)
      throw Failure("no handshake for 5 s");
  }
}

// As docs/wire/challenge.md says of hmac-sha256.
bool Link::answer_challenge() {
  constexpr std::string_view kLabel("hotline hmac-sha256 caller\0", 27);
  std::array<char, kChallengeBytes> challenge;
  const ssize_t arrived =
      recv(socket_.get(), challenge.data(), challenge.size(), MSG_DONTWAIT | MSG_PEEK);
  if (arrived < 0) return false;
  // A server sends all of it at once; a part of it would keep the socket readable for ever.
  if (arrived < static_cast<ssize_t>(challenge.size())) throw Failure("no whole challenge");
  receive_some(socket_, challenge.data(), challenge.size());
  std::string text(kLabel);
  text.append(challenge.data(), challenge.size());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_->data(), static_cast<int>(secret_->size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  send_some(socket_, reinterpret_cast<const char*>(digest.data()), size);
  secret_ = nullptr;
  return true;
}

std::size_t Link::send(const char* bytes, std::size_t size) {
  if (!ssl_) return send_some(socket_, bytes, size);
  std::size_t done = 0;
  while (done < size) {
    std::size_t count = 0;
    ERR_clear_error();
    const int returned = SSL_write_ex(ssl_.get(), bytes + done, size - done, &count);
    if (result_of(ssl_.get(), returned, count, "send") == 0) break;
    done += count;
  }
  return done;
}

std::size_t Link::receive(char* buffer, std::size_t size) {
  return ssl_ ? receive_records(buffer, size) : receive_some(socket_, buffer, size);
}

std::size_t Link::receive_records(char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    std::size_t count = 0;
    ERR_clear_error();
    const int returned = SSL_read_ex(ssl_.get(), buffer + done, size - done, &count);
    if (result_of(ssl_.get(), returned, count, "receive") == 0) break;
    done += count;
  }
  return done;
}

void Link::close() {
  if (ssl_) SSL_shutdown(ssl_.get());
  ssl_.reset();
  socket_.reset();
}

}  // namespace bench

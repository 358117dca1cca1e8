#include "contract/peer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "contract/row.h"

namespace contract {
namespace {

PeerSocketOrError connect_to(const hotline::Endpoint& endpoint) {
  auto socket = connect_without_tls(endpoint);
  if (!socket || !hotline::is_protected(endpoint.transport())) return socket;
  return over_tls(std::move(*socket));
}

/// Returns the result of a call, which must not be an error.
std::size_t checked(int result) {
  const std::string error = result < 0 ? std::strerror(-result) : "";
  REQUIRE_MESSAGE(result >= 0, error);
  return static_cast<std::size_t>(result);
}

}  // namespace

PeerSocketOrError connect_without_tls(const hotline::Endpoint& endpoint) {
  return row().is_simulated() ? connect_on_stage(endpoint) : connect_over_system(endpoint);
}

Peer::Peer(const hotline::Endpoint& endpoint) {
  auto socket = connect_to(endpoint);
  const std::string error = socket ? "" : std::strerror(socket.error());
  REQUIRE_MESSAGE(socket, endpoint.to_uri() << ": " << error);
  socket_ = std::move(*socket);
}

std::unique_ptr<Peer> Peer::unless_reset(const hotline::Endpoint& endpoint) {
  auto socket = connect_to(endpoint);
  if (!socket && socket.error() == ECONNRESET) return nullptr;
  const std::string error = socket ? "" : std::strerror(socket.error());
  REQUIRE_MESSAGE(socket, endpoint.to_uri() << ": " << error);
  return std::unique_ptr<Peer>(new Peer(std::move(*socket)));
}

bool Peer::can_connect(const hotline::Endpoint& endpoint) {
  return connect_to(endpoint).has_value();
}

void Peer::send(std::string_view bytes) {
  do {
    bytes.remove_prefix(checked(socket_->send(bytes, Patience::some)));
  } while (!bytes.empty());
}

void Peer::send_early(std::string_view bytes) { checked(socket_->send_early(bytes)); }

std::size_t Peer::send_what_goes(std::string_view bytes) {
  return static_cast<std::size_t>(std::max(0, socket_->send(bytes, Patience::none)));
}

std::string Peer::receive(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const int count = socket_->receive(std::span(bytes).subspan(filled), Patience::some);
    was_reset_ = count == -ECONNRESET;
    if (was_reset_ || checked(count) == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

std::string Peer::receive_some() {
  std::string bytes(70'000, '\0');
  bytes.resize(checked(socket_->receive(bytes, Patience::some)));
  return bytes;
}

std::optional<std::string> Peer::receive_what_came() {
  char byte = 0;
  const int count = socket_->receive({&byte, 1}, Patience::none);
  if (count == -EAGAIN) return std::nullopt;
  return count == 1 ? std::string(1, byte) : std::string();
}

std::string Peer::receive_to_end() {
  std::string all;
  for (;;) {
    const std::string piece = receive(4096);
    all += piece;
    if (piece.size() < 4096) return all;
  }
}

std::string Peer::exchange(std::string_view bytes) {
  send(bytes);
  return receive(bytes.size());
}

void Peer::end_writes() { REQUIRE(socket_->end_writes() == 0); }

void Peer::reset() {
  socket_->close_with_reset();
  close();
}

std::string upper_cased(std::string_view text) {
  std::string changed(text);
  for (char& c : changed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return changed;
}

std::string varied_bytes(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  unsigned state = seed;
  for (char& c : bytes) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace contract

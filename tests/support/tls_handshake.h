#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/net/stream_layer.h"
#include "hotline/net/tls.h"

namespace hotline::test {

/// One end of a handshake in memory.
struct End {
  explicit End(const Tls& tls) : layer(tls.make_layer()) {}

  /// Takes what the other end has sent. An alert may come after the end's own part is complete.
  void take(std::vector<std::byte>& sent) {
    if (!opened) return;
    const std::vector<std::byte> bytes = std::exchange(sent, {});
    Bytes wire = bytes;
    if (!*opened) opened = layer->open(wire, out);
    if (!opened || !*opened) return;
    std::array<std::byte, 64> into{};
    if (auto decoded = layer->decode(wire, into, out); !decoded) {
      opened = fail(std::move(decoded.error()));
    }
  }

  std::string state() const {
    if (opened) return *opened ? "open" : "waits";
    return std::string(name_of(opened.error().kind)) + ": " + opened.error().detail;
  }

  std::unique_ptr<StreamLayer> layer;
  std::vector<std::byte> out;
  Result<bool> opened = false;
};

/// A handshake of two ends, as far as it comes.
struct Handshake {
  Handshake(const TlsOptions& server_options, const TlsOptions& client_options,
            std::string_view host = "host")
      : server(Tls::server(server_options).value()),
        client(Tls::client(client_options, "alice", host).value()) {
    for (int i = 0; i < 3; ++i) {
      client.take(server.out);
      server.take(client.out);
    }
  }

  End server;
  End client;
};

}  // namespace hotline::test

#include "contract/wait_rig.h"

#include <doctest/doctest.h>

#include "contract/peer_socket.h"
#include "contract/row.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/tls_options.h"

namespace contract {
namespace {

using hotline::Bytes;
using hotline::StreamLayer;

/// The two ends of a TLS whose handshake took place in memory.
struct Layers {
  Layers() {
    const std::string name(kTlsName);
    server = hotline::Tls::server(hotline::test::accepting(name)).value().make_layer();
    client = hotline::Tls::client(hotline::test::presenting(name), name, "").value().make_layer();
    std::vector<std::byte> to_server;
    std::vector<std::byte> to_client;
    bool is_open = false;
    while (!is_open) {
      static_cast<void>(step(*client, to_client, to_server));
      is_open = step(*server, to_server, to_client);
    }
  }

  static bool step(StreamLayer& layer, std::vector<std::byte>& in, std::vector<std::byte>& out) {
    Bytes wire = in;
    const bool is_open = layer.open(wire, out).value();
    in.clear();
    return is_open;
  }

  std::unique_ptr<StreamLayer> server;
  std::unique_ptr<StreamLayer> client;
};

class EncodingEnd final : public WaitRig::OtherEnd {
 public:
  EncodingEnd(std::unique_ptr<WaitRig::OtherEnd> wire, std::unique_ptr<StreamLayer> layer)
      : wire_(std::move(wire)), layer_(std::move(layer)) {}

  void send(std::string_view bytes) override {
    std::vector<std::byte> encoded;
    REQUIRE(layer_->encode(hotline::as_bytes(bytes), encoded));
    wire_->send(hotline::as_text(encoded));
  }

 private:
  std::unique_ptr<WaitRig::OtherEnd> wire_;
  std::unique_ptr<StreamLayer> layer_;
};

}  // namespace

hotline::Result<WaitRig::Pair> WaitRig::make_tls_pair() {
  auto pair = make_pair();
  if (!pair) return pair;
  Layers layers;
  REQUIRE(pair->stream.add_layer(std::move(layers.server)));
  pair->other = std::make_unique<EncodingEnd>(std::move(pair->other), std::move(layers.client));
  return pair;
}

WaitRig& wait_rig() {
  static const std::unique_ptr<WaitRig> made =
      row().is_simulated() ? make_simulated_rig() : make_system_rig();
  return *made;
}

WaitRig::End cancel_fiber_after(hotline::Duration delay, const WaitRig::Wait& wait) {
  WaitRig::End kind;
  hotline::TaskGroup group;
  REQUIRE(group.spawn("waiter", [&] { kind = wait(); }));
  static_cast<void>(hotline::sleep_for(delay));
  group.cancel();
  static_cast<void>(group.join());
  return kind;
}

}  // namespace contract

// A layer of one's own between a stream and its socket: every byte crosses the wire inverted. Both
// ends are in this program.
//
//   layer                                       HELLO
#include <algorithm>
#include <iostream>
#include <thread>

#include "hotline/hotline.h"

using namespace hotline;

class Inverted final : public StreamLayer {
  Result<std::size_t> decode(Bytes& wire, MutableBytes plain, std::vector<std::byte>&) override {
    const std::size_t count = std::min(wire.size(), plain.size());
    std::ranges::transform(wire.first(count), plain.begin(), [](std::byte each) { return ~each; });
    wire = wire.subspan(count);
    return count;
  }
  Result<void> encode(Bytes plain, std::vector<std::byte>& out) override {
    for (const std::byte each : plain) out.push_back(~each);
    return {};
  }
  Result<void> encode_end(std::vector<std::byte>&) override { return {}; }
};

int main() {
  Server server({.calls = CallCount::one});
  const auto serve_call = [](Stream& call) {
    call.add_layer(std::make_unique<Inverted>()).value();
    upper(call);
  };
  server.add("tcp://127.0.0.1:0", serve_call).value();
  server.bind().value();
  std::jthread serving([&] { server.run().value(); });
  Stream call = connect(server.services().front().endpoint).value();
  call.add_layer(std::make_unique<Inverted>()).value();
  call.write_all(as_bytes("hello")).value();
  call.shut_down_writes().value();
  while (const auto bytes = call.receive()) std::cout << as_text(*bytes);
  std::cout << '\n';
}

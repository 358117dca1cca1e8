#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "support/loops.h"
#include "support/proxied.h"

// Both sides of streams that go through a proxy, in the hands of one thread.

namespace hotline::test {

inline Listener target_listener(const std::string& uri = "tcp://127.0.0.1:0") {
  auto listener = listen(uri);
  REQUIRE(listener);
  return std::move(*listener);
}

inline Stream caller_of(const RunningProxy& proxy) {
  auto caller = connect(proxy.endpoint());
  REQUIRE(caller);
  return std::move(*caller);
}

/// A caller and what the target has of it.
struct ProxiedCall {
  ProxiedCall(const RunningProxy& proxy, Listener& listener)
      : caller(caller_of(proxy)), target(accepted(listener)) {}

  static Stream accepted(Listener& listener) {
    auto stream = listener.accept(deadline_after(std::chrono::seconds(10)));
    REQUIRE(stream);
    return std::move(*stream);
  }

  Stream caller;
  Stream target;
};

inline void say(Stream& stream, std::string_view text) {
  REQUIRE(stream.write_all(as_bytes(text)));
}

/// Exactly `size` bytes, or what came before the end and how that came: `hel<closed>`.
inline std::string heard(Stream& stream, std::size_t size = SIZE_MAX) {
  std::string text;
  while (text.size() < size) {
    const auto bytes = stream.receive();
    if (!bytes) return text + "<" + kind_of(bytes) + ">";
    text += as_text(*bytes);
  }
  return text;
}

/// A plan of one fault that always strikes.
inline sim::FaultProxyOptions always(Fault fault) {
  sim::FaultProxyOptions options;
  options.faults.set(fault, 1'000'000);
  return options;
}

/// `size` bytes of every value.
inline std::string varied(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 256);
  return text;
}

}  // namespace hotline::test

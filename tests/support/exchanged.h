#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "engine/channel.h"
#include "hotline/engine/event.h"
#include "hotline/net/stream.h"
#include "net/stream_access.h"
#include "support/sockets.h"

namespace hotline::test {

/// A stream, and a plain socket at its other end, which a thread of its own uses. The stream ends
/// before the thread is waited for.
class ScriptedCall {
 public:
  explicit ScriptedCall(const std::function<void(int peer)>& script) {
    auto sockets = stream_pair();
    stream_.emplace(
        net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(sockets.first)),
                                *Endpoint::parse("unix:@peer"), {}));
    thread_ = std::jthread([this, script, peer = std::move(sockets.second)] {
      script(peer.get());
      has_ended_.set();
    });
  }
  ScriptedCall(const ScriptedCall&) = delete;
  ScriptedCall& operator=(const ScriptedCall&) = delete;
  ~ScriptedCall() {
    stream_.reset();
    // A ring closes the stream in its next turn, so this fiber must not block.
    discard(has_ended_.wait());
  }

  Stream& stream() { return *stream_; }

  /// Returns what follows the exchange, `size` bytes.
  std::string rest(std::size_t size) {
    std::string text(size, '\0');
    const auto read = stream_->read_exact(std::as_writable_bytes(std::span(text)));
    return read ? text : "<" + std::string(name_of(read.error().kind)) + ">";
  }

 private:
  Event has_ended_;
  std::optional<Stream> stream_;
  std::jthread thread_;
};

}  // namespace hotline::test

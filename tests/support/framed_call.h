#pragma once

#include <sys/socket.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/channel.h"
#include "hotline/framing/frame_stream.h"
#include "net/stream_access.h"
#include "support/frame_feed.h"
#include "support/sockets.h"

namespace hotline::test {

/// Lets another thread wait until a number of bytes has been received, so that what it sends next
/// is in a receive of its own.
class ReceiveWatch final : public TrafficTap {
 public:
  void received(const Endpoint&, Bytes bytes) noexcept override {
    const std::lock_guard lock(mutex_);
    count_ += bytes.size();
    changed_.notify_all();
  }
  void sent(const Endpoint&, Bytes bytes) noexcept override { sent_count_ += bytes.size(); }

  void wait_received(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

  std::size_t sent_count() const { return sent_count_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  std::atomic<std::size_t> sent_count_ = 0;
};

enum class Transport : bool { unix_, tcp };

inline Framing framing_of(std::string_view name) { return *Framing::parse(name); }

inline std::string wire_of(const std::string& name, const std::vector<std::string>& payloads) {
  return wire_of(framing_of(name), payloads);
}

/// Returns two connected TCP sockets, as stream_pair() does.
inline std::pair<UniqueFd, UniqueFd> tcp_pair() {
  const auto [listener, port] = tcp_listener();
  UniqueFd peer = connect_tcp(port);
  wait_readable(listener.get());
  return {UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)),
          std::move(peer)};
}

/// Returns a stream over a socket that is already connected.
inline Stream stream_over(UniqueFd fd, StreamOptions options = {}) {
  return net::StreamAccess::over(std::make_unique<engine::Channel>(std::move(fd)),
                                 *Endpoint::parse("unix:@peer"), options);
}

/// Messages over a stream, and the peer's plain socket.
struct FramedCall {
  explicit FramedCall(const std::string& name, StreamOptions options = {},
                      Transport transport = Transport::unix_)
      : FramedCall(framing_of(name), options, transport) {}

  explicit FramedCall(Framing framing, StreamOptions options = {},
                      Transport transport = Transport::unix_)
      : FramedCall(transport == Transport::unix_ ? stream_pair() : tcp_pair(), std::move(framing),
                   options) {}

  ReceiveWatch tap;
  UniqueFd peer;
  FrameStream frames;

 private:
  FramedCall(std::pair<UniqueFd, UniqueFd> sockets, Framing framing, StreamOptions options)
      : peer(std::move(sockets.second)),
        frames(stream_over(std::move(sockets.first), watched(options)), std::move(framing)) {}

  StreamOptions watched(StreamOptions options) {
    options.tap = &tap;
    return options;
  }
};

/// Returns the next message, or the kind of the error in angle brackets.
inline std::string next(FrameStream& frames) {
  const auto frame = frames.read_frame();
  if (frame) return std::string(as_text(*frame));
  return "<" + std::string(name_of(frame.error().kind)) + ">";
}

inline std::vector<Bytes> views_of(const std::vector<std::string>& texts) {
  std::vector<Bytes> views;
  for (const std::string& text : texts) views.push_back(as_bytes(text));
  return views;
}

}  // namespace hotline::test

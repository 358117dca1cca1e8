#pragma once

#include "hotline/core/log.h"
#include "hotline/net/traffic_tap.h"

namespace hotline::cli {

/// Shows traffic in the log: `<- peer=tcp://127.0.0.1:4711 "hello"` for what was received, `->` for
/// what was sent. Bytes are escaped, and long ones cut.
class TrafficPrinter final : public TrafficTap {
 public:
  /// `log` must outlive this object.
  explicit TrafficPrinter(LogSink& log) : log_(log) {}

  /// Any thread.
  void received(const Endpoint& peer, Bytes bytes) noexcept override;
  void sent(const Endpoint& peer, Bytes bytes) noexcept override;

 private:
  void print(std::string_view arrow, const Endpoint& peer, Bytes bytes) noexcept;

  LogSink& log_;
};

}  // namespace hotline::cli

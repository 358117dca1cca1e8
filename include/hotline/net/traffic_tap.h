#pragma once

#include "hotline/core/bytes.h"
#include "hotline/core/public.h"
#include "hotline/net/endpoint.h"

namespace hotline HOTLINE_PUBLIC {

/// Shows what goes over streams and datagram sockets: `serve -v`. Called on the thread that talks;
/// must not wait. The bytes are valid only during the call.
class TrafficTap {
 public:
  virtual ~TrafficTap() = default;
  virtual void received(const Endpoint& peer, Bytes bytes) noexcept = 0;
  virtual void sent(const Endpoint& peer, Bytes bytes) noexcept = 0;
};

}  // namespace hotline

#pragma once

#include <memory>
#include <utility>

#include "hotline/net/stream.h"
#include "hotline/server/call_info.h"
#include "server/call_slot.h"

namespace hotline::server {

/// A caller that an Acceptor has admitted, and the place that it takes up. If it is dropped while
/// the stream is open, it was not served to its end: the peer sees a reset. Move only.
struct AdmittedCall {
  AdmittedCall(Stream call, CallSlot taken, std::unique_ptr<Identity> user = nullptr)
      : slot(std::move(taken)), stream(std::move(call)), identity(std::move(user)) {}
  AdmittedCall(AdmittedCall&&) noexcept = default;
  AdmittedCall& operator=(AdmittedCall&&) = delete;
  ~AdmittedCall() {
    if (stream) stream.abort();
  }

  CallSlot slot;  ///< Released after the stream has closed.
  Stream stream;
  std::unique_ptr<Identity> identity;  ///< Null if it is not known, or not yet.
};

}  // namespace hotline::server

#pragma once

#include <functional>

#include "hotline/net/listener.h"
#include "server/service.h"

namespace hotline::server {

/// Takes callers from one listener, within the limits, until draining or cut. Straight-line code: a
/// fiber or a thread runs it.
class Acceptor {
 public:
  /// Takes a call over, and room for it with it: it ends with Admission::leave, see run_call.
  using Start = std::function<void(Stream)>;

  Acceptor(Shared& shared, Service& service, Listener& listener, Start start)
      : shared_(shared), service_(service), listener_(listener), start_(std::move(start)) {}

  /// Returns when no caller will be taken any more; the listener is closed then.
  void run();

 private:
  bool goes_on();
  bool take_one();
  bool wait_for_room();
  bool shed();
  bool back_off(const Error& error);

  Shared& shared_;
  Service& service_;
  Listener& listener_;
  Start start_;
  Duration pause_{};
};

}  // namespace hotline::server

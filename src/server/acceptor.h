#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hotline/net/listener.h"
#include "server/admitted_call.h"
#include "server/service.h"

namespace hotline::server {

/// Accepts callers from one listener, within the limits, until the server drains or is cut. A
/// caller that it does not serve sees a reset. While accepts fail it pauses, longer each time; a
/// drain ends the pause and the acceptor. It blocks, so it runs on a fiber or a thread.
class Acceptor {
 public:
  /// Takes over a call. It must hold at most two pointers, so that it needs no memory: an acceptor
  /// could not report a lack of memory.
  using Start = std::function<void(AdmittedCall)>;

  Acceptor(ServerState& state, Service& service, Listener& listener, Start start)
      : state_(state), service_(service), listener_(listener), start_(std::move(start)) {}

  /// Returns after the last caller has been accepted and the listener is closed.
  void run();

 private:
  bool goes_on();
  bool take_one();
  CallSlot admit(Stream& call, const Identity* user);
  bool is_penalised(const Endpoint& peer, const Identity* user) const;
  bool begin(AdmittedCall admitted);
  bool wait_for_room(CallSlot& slot);
  void refuse(Stream& call, Refusal reason, std::string_view why, std::string_view detail = {},
              const Identity* user = nullptr);
  void refuse_quietly(Stream& call, Refusal reason, std::string_view why, LogPace& pace);
  bool shed();
  bool back_off(const Error& error);

  ServerState& state_;
  Service& service_;
  Listener& listener_;
  Start start_;
  Duration pause_{};
};

}  // namespace hotline::server

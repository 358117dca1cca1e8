#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/channel.h"
#include "hotline/core/deadline.h"
#include "hotline/net/stream.h"

namespace contract {

/// Where the waits of a test run and what they wait for, all of it of the row's kind.
class WaitRig {
 public:
  /// The other side of a stream; closed with the object.
  class OtherEnd {
   public:
    OtherEnd() = default;
    OtherEnd(const OtherEnd&) = delete;
    OtherEnd& operator=(const OtherEnd&) = delete;
    virtual ~OtherEnd() = default;
    virtual void send(std::string_view bytes) = 0;
  };
  struct Pair {
    hotline::Stream stream;
    std::unique_ptr<OtherEnd> other;
  };

  /// Channels, and what must exist while they are waited on.
  struct Pipe {
    std::shared_ptr<void> kept;
    std::unique_ptr<hotline::engine::Channel> read_end;
    std::unique_ptr<hotline::engine::Channel> write_end;
  };
  struct Process {
    std::shared_ptr<void> kept;
    std::unique_ptr<hotline::engine::Channel> pidfd;
  };
  /// How a wait has ended; nullopt: it succeeded.
  using End = std::optional<hotline::ErrorKind>;
  using Wait = std::function<End()>;

  WaitRig() = default;
  WaitRig(const WaitRig&) = delete;
  WaitRig& operator=(const WaitRig&) = delete;
  virtual ~WaitRig() = default;

  /// Runs `body` as a call of the row would run: on a fiber of its engine, or on a thread with a
  /// blocking one. On a simulated row, once for each seed.
  virtual void run(const std::function<void()>& body) = 0;

  /// Runs `wait` in the same way and cancels it after `delay`. Returns its result.
  virtual End cancel_after(hotline::Duration delay, const Wait& wait) = 0;

  /// Fails with `cancelled` only.
  virtual hotline::Result<Pair> make_pair() = 0;

  /// Same as above, over TLS, whose handshake is complete.
  hotline::Result<Pair> make_tls_pair();

  /// Neither written nor read by another side.
  virtual Pipe make_pipe() = 0;

  /// Ends when it is no longer kept.
  virtual Process start_process() = 0;

  /// Offloads work that does not end by itself.
  virtual hotline::Result<void> offload_endless_work() = 0;
};

/// Returns the rig of the row.
WaitRig& wait_rig();

std::unique_ptr<WaitRig> make_system_rig();
std::unique_ptr<WaitRig> make_simulated_rig();

/// From a fiber: cancel_after() for a fiber beside this one.
WaitRig::End cancel_fiber_after(hotline::Duration delay, const WaitRig::Wait& wait);

}  // namespace contract

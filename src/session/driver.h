#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/loop_event.h"
#include "engine/worker.h"
#include "hotline/core/literal.h"
#include "hotline/engine/event.h"
#include "hotline/engine/loop.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "hotline/session/session_protocol.h"
#include "session/bulk_memory.h"
#include "session/stream_record.h"
#include "session/waiters.h"

namespace hotline::session {

/// Moves the bytes of a SessionProtocol between its stream and the users of the session. One fiber
/// receives, and one writes once the stream has completed its handshake; they run on the loop of
/// the fiber that starts the driver, or else on a thread of their own. Everything between the lock
/// and the unlock of its mutex is done without waiting.
class Driver {
 public:
  /// Holds the mutex of a driver. An exception that leaves its scope ends the session: a frame may
  /// have been cut off.
  class Lock : public std::unique_lock<std::mutex> {
   public:
    explicit Lock(Driver& driver)
        : std::unique_lock<std::mutex>(driver.mutex_),
          driver_(driver),
          exceptions_(std::uncaught_exceptions()) {}
    ~Lock();

   private:
    Driver& driver_;
    int exceptions_;
  };

  /// Over an own stream, or one that outlives this object.
  Driver(Stream&& stream, SessionRole role, const SessionOptions& options);
  Driver(Stream& stream, SessionRole role, const SessionOptions& options);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver();

  /// Starts the fibers. Fails with `resource_exhausted`.
  Result<void> start();

  /// Ends the session if it goes on, and waits for the fibers. What is queued is sent as far as
  /// that needs no wait.
  void stop();

  Lock lock() { return Lock(*this); }

  // The following require the lock.

  /// Waits for `what` without the lock. Returns also without a change: check, and call it again.
  /// Fails with `timed_out`, `cancelled`, and `draining` if `on_drain` says so.
  Result<void> wait(Lock& lock, Waiters& waiters, Interest what, Deadline deadline,
                    OnDrain on_drain = OnDrain::goes_on);

  /// Sends what the protocol has queued. Call it after each use of `protocol` that may queue a
  /// frame or end a stream.
  void send();

  /// Ends the session with `code`.
  void break_off(SessionCode code, std::string_view text);

  /// Returns true if more may be queued.
  bool has_room() const { return queued_.size() + protocol.output_size() < options_.unsent_max; }

  /// Gives the room that the caller did not use to the next that waits for it. Required after each
  /// wait for kRoom, also if nothing was sent.
  void pass_room() {
    if (has_room()) waiters.wake_one(kRoom);
  }

  /// Queues as many of `bytes` as the credit and the size of a frame allow; returns how many.
  Result<std::size_t> queue_data(SessionStreamId id, std::uint8_t flow, Bytes bytes);

  /// Sends as many of `bytes` as the credit and a few frames allow; returns how many. May wait
  /// some milliseconds without the lock until the stream has taken them, which spares a copy; what
  /// it has not taken by then, or by `deadline`, is queued.
  Result<std::size_t> send_data(Lock& lock, SessionStreamId id, std::uint8_t flow, Bytes bytes,
                                Deadline deadline);

  /// Gives the peer credit for what was read of a flow.
  void give_credit(SessionStreamId id, std::uint8_t flow, Inflow& inflow);

  /// The same for a message, request or answer that is not kept any more.
  void give_message_credit(SessionStreamId id, StreamRecord& record, std::uint32_t cost);

  StreamRecord& add_record(SessionStreamId id, SessionFlows flows, bool is_own);
  StreamRecord* find_record(SessionStreamId id) {
    const auto found = records_.find(id);
    return found == records_.end() ? nullptr : found->second.get();
  }
  void drop_record(SessionStreamId id);

  /// Returns why the session has ended, also if it has ended in order (`closed`); nullopt if not.
  std::optional<Error> end_reason() const;

  /// The same, without an end in order.
  const std::optional<Error>& failure() const { return failure_; }

  /// Returns true once nothing more is sent or received.
  bool is_over() const { return is_over_; }

  const SessionOptions& options() const { return options_; }
  const std::string& peer() const { return peer_; }

  SessionProtocol protocol;
  std::deque<SessionStreamId> offered{};  ///< Opened by the peer, and not taken by accept().
  Waiters waiters{};                      ///< For kRoom, kReady, kOffered, kPlace and kOver.

 private:
  /// Over `own`, or else over `borrowed`.
  Driver(std::optional<Stream> own, Stream* borrowed, SessionRole role,
         const SessionOptions& options);
  Result<void> start_worker();
  void run_fibers();
  Result<void> spawn(TaskGroup& fibers, Literal name, void (Driver::*part)(TaskGroup& fibers));
  void run(TaskGroup& fibers, void (Driver::*part)(TaskGroup& fibers));
  Result<void> complete_handshake();
  void receive_all(TaskGroup& fibers);
  bool receive_once();
  Result<Bytes> receive_bytes();
  void note_size(std::size_t received);
  void take_events(Bytes input);
  void take(const SessionEvent& event);
  void take_of_stream(const SessionEvent& event, StreamRecord& record);
  void begin_stop();
  void note_lost(Error error);
  void note_no_memory();
  void end_all();
  void write_all(TaskGroup& fibers);
  bool take_queued(Lock& lock, std::string& taken);
  void drop_buffers(std::string& taken);
  bool can_write_now() const;
  void write_in_place(Lock& held, std::span<Bytes> pieces, Deadline deadline);
  std::span<Bytes> write_pieces(std::span<Bytes> pieces, Deadline deadline);
  void queue_first(std::span<const Bytes> pieces);
  void wait_written();
  bool has_nothing_to_follow() const { return protocol.failure() || protocol.is_finished(); }
  void send_farewell();
  void wake_waiters();

  std::mutex mutex_;
  std::optional<Stream> own_stream_;
  Stream& stream_;
  const SessionOptions options_;
  std::string peer_;
  std::string queued_;  ///< What the writing fiber takes next.
  Event has_queued_;
  std::unordered_map<SessionStreamId, std::unique_ptr<StreamRecord>> records_;
  GrowthPool pool_;
  std::optional<Error> failure_;
  bool is_stopping_ = false;
  bool is_over_ = false;
  bool is_write_failed_ = false;      ///< A frame was cut off.
  bool is_writer_idle_ = false;       ///< The writing fiber waits for something to be queued.
  bool is_written_in_place_ = false;  ///< Another fiber writes: see send_data().
  engine::LoopEvent* end_of_write_ = nullptr;  ///< A fiber waits for its end.
  std::optional<Instant> bulk_end_;            ///< Until then it receives into bulk_, if it is set.
  BulkMemory bulk_;
  std::optional<Loop> loop_;         ///< Where the fibers run.
  int running_ = 0;                  ///< Fibers that have not ended.
  std::size_t opened_seen_ = 0;      ///< What protocol.opened_count() was in the last send().
  std::optional<TaskGroup> fibers_;  ///< On a loop.
  std::unique_ptr<engine::Worker> worker_;  ///< Elsewhere.
};

}  // namespace hotline::session

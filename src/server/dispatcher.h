#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/net/datagram_socket.h"
#include "server/dispatch_fibers.h"
#include "server/service.h"
#include "server/tally.h"

namespace hotline::server {

/// Runs a message handler over one datagram socket: one dispatch fiber handles message after
/// message and sends the replies in batches. When a handler waits, it keeps that fiber, and another
/// fiber handles the later messages. On a thread without a loop it handles one message after
/// another: the replies that are ready are sent when a handler waits, and after a handler that took
/// long the thread takes one message at a time, so that other threads get the rest.
class Dispatcher {
 public:
  Dispatcher(ServerState& state, Service& service, DatagramSocket& socket)
      : state_(state), service_(service), socket_(socket), count_(*service.tally) {}

  /// Returns after a drain or a cut, when every handler has returned.
  void run();

 private:
  class Handling;
  enum class Course : bool { goes_on, has_ended };

  bool make_handler();
  void dispatch();
  Course next();
  Course advance();
  Course receive();
  Course handle_next();
  Result<void> receive_some();
  Reply call_handler(const Datagram& datagram) noexcept;
  void check_size(const Reply& reply, const Datagram& datagram) const;
  void note_time(bool has_waited);
  void note(LogLevel level, std::string_view what, const Datagram& datagram,
            std::string detail) const;
  void note_unanswered(const Datagram& datagram, std::string_view why) noexcept;
  void report_throw(const Datagram& datagram, const char* what) noexcept;
  void send_late(const Datagram& datagram, const Reply& reply) noexcept;
  void flush();
  void flush_on_wait() noexcept;
  void lose_replies() noexcept;

  ServerState& state_;
  Service& service_;
  DatagramSocket& socket_;
  MessageCount count_;
  MessageHandler own_handler_;  ///< This socket's, if the service has a maker.
  const MessageHandler* handler_ = nullptr;
  std::optional<DispatchFibers> fibers_;  ///< None on a thread without a loop.

  std::span<const Datagram> messages_;
  std::size_t position_ = 0;
  std::shared_ptr<void> messages_memory_;   ///< Set while a handler waits within the batch;
                                            ///< otherwise the messages are in the socket's memory.
  std::vector<Reply> replies_;              ///< The replies to messages_ that are not sent yet,
  std::vector<OutgoingDatagram> outgoing_;  ///< and where they go.
  std::optional<Instant> sampled_from_;  ///< When messages_ had come, if their latency is measured.
  Datagram single_;                      ///< What messages_ is while one is taken at a time.
  std::size_t singles_ = 0;              ///< How many more are taken one at a time.
  Instant looked_{};                     ///< When note_time() last read the clock.
  std::uint64_t unanswered_ = 0;  ///< Datagrams from this server's own address, or a relative path.
  bool is_batch_in_use_ = false;  ///< By a waiting handler for which there was no other memory.
  bool has_ended_ = false;
};

}  // namespace hotline::server

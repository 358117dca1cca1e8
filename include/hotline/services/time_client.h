#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/datagram_socket.h"

namespace hotline HOTLINE_PUBLIC {

/// How a TimeClient asks.
struct TimeClientOptions {
  DatagramOptions socket{};
  Duration patience = std::chrono::seconds(1);  ///< How long to wait for a reply.
  int tries_max = 3;  ///< How often to send a request without a reply; at least 1.
};

/// The caller's side of the service `time` over datagrams: docs/wire/time.md. Move only. Waits
/// suspend the fiber; one fiber may use it at a time.
class TimeClient {
 public:
  /// Returns a client of the server at `uri`, such as `udp://127.0.0.1:8083`. Fails as
  /// connect_datagrams() does; a server that does not exist is only noticed by ask().
  static Result<TimeClient> connect(std::string_view uri, const TimeClientOptions& options = {});

  /// Returns the time of the server in `format`, one of strftime(3); an empty one stands for
  /// `%Y-%m-%d-%X`. Sends the request again if no reply comes. Fails with `timed_out` if none comes
  /// after that, with `refused` if no server is there, and with `invalid_argument` if the server
  /// answers with an error text, unless `format` begins so itself.
  Result<std::string> ask(std::string_view format = {});

 private:
  TimeClient(DatagramSocket socket, const TimeClientOptions& options)
      : socket_(std::move(socket)), options_(options) {}

  Result<std::string> exchange(std::string_view format);
  void drop_late_replies();

  DatagramSocket socket_;
  TimeClientOptions options_;
  bool has_sent_again_ = false;  ///< A second reply to an earlier request may therefore arrive.
};

}  // namespace hotline

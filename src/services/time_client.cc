#include "hotline/services/time_client.h"

#include "hotline/engine/clock.h"
#include "hotline/services/time.h"

namespace hotline {

Result<TimeClient> TimeClient::connect(std::string_view uri, const TimeClientOptions& options) {
  auto socket = connect_datagrams(uri, options.socket);
  if (!socket) return fail(std::move(socket.error()));
  return TimeClient(std::move(*socket), options);
}

Result<std::string> TimeClient::ask(std::string_view format) {
  auto reply = exchange(format);
  if (!reply) return reply;
  const bool is_error =
      reply->starts_with(kTimeErrorPrefix) && !format.starts_with(kTimeErrorPrefix);
  if (!is_error) return reply;
  return fail(
      make_error(ErrorKind::invalid_argument, "ask for the time", socket_.endpoint().to_string(),
                 "the server says: " + escape(as_bytes(reply->substr(kTimeErrorPrefix.size())))));
}

Result<std::string> TimeClient::exchange(std::string_view format) {
  if (has_sent_again_) drop_late_replies();
  for (int tries = 1;; ++tries) {
    if (auto sent = socket_.send({as_bytes(format)}); !sent) return fail(std::move(sent.error()));
    auto reply = socket_.receive(deadline_after(options_.patience));
    if (reply) return std::string(as_text(reply->bytes));
    const bool is_silent = reply.error().kind == ErrorKind::timed_out;
    if (!is_silent || tries >= options_.tries_max) return fail(std::move(reply.error()));
    has_sent_again_ = true;
  }
}

void TimeClient::drop_late_replies() {
  while (socket_.receive(Deadline::at(now()))) {
  }
}

}  // namespace hotline

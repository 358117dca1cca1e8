#include "services/stream_failure.h"

#include <utility>

#include "services/command_protocol.h"

namespace hotline::services {

std::optional<Error> stream_failure(SessionStream& stream) {
  // The flow belongs to the peer, so this changes nothing; but first it checks the stream.
  const auto ended = stream.end(kOutputFlow);
  if (ended || ended.error().kind == ErrorKind::invalid_argument) return std::nullopt;
  return ended.error();
}

Error error_of_request(Error error, std::string_view operation, const std::string& endpoint) {
  const bool is_wait = error.kind == ErrorKind::timed_out || error.kind == ErrorKind::cancelled;
  if (!is_wait || !error.endpoint.empty()) return error;
  if (error.kind == ErrorKind::timed_out) error.advice = "allow more time, or ask for less";
  return make_error(error.kind, operation, endpoint, std::move(error.detail),
                    std::move(error.advice));
}

}  // namespace hotline::services

#include "services/stream_failure.h"

#include "services/command_protocol.h"

namespace hotline::services {

std::optional<Error> stream_failure(SessionStream& stream) {
  // The flow belongs to the peer, so this changes nothing; but first it checks the stream.
  const auto ended = stream.end(kOutputFlow);
  if (ended || ended.error().kind == ErrorKind::invalid_argument) return std::nullopt;
  return ended.error();
}

}  // namespace hotline::services

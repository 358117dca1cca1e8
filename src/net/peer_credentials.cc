#include "hotline/net/peer_credentials.h"

#include <sys/socket.h>

#include "engine/end_code.h"
#include "engine/engine.h"
#include "hotline/net/stream.h"
#include "net/stream_state.h"

namespace hotline {

Result<PeerCredentials> Stream::peer_credentials() const {
  if (peer().transport() != Transport::unix_) {
    return fail(make_error(ErrorKind::unsupported, "identify the peer at", peer().to_string(),
                           "only UNIX streams know their peer's credentials"));
  }
  ucred found{};
  std::size_t size = sizeof found;
  const int result = engine::Engine::current().get_option(state_->channel->fd(), SOL_SOCKET,
                                                          SO_PEERCRED, &found, size);
  if (result < 0) {
    return fail(engine::operation_error(result, "identify the peer at", peer().to_string()));
  }
  return PeerCredentials{found.pid, found.uid, found.gid};
}

}  // namespace hotline

#include "net/adopted_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "engine/engine.h"
#include "net/address.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

constexpr std::string_view kAdopt = "adopt a socket";

std::unexpected<Error> refuse(std::string detail, std::string advice) {
  return fail(
      make_error(ErrorKind::invalid_argument, kAdopt, {}, std::move(detail), std::move(advice)));
}

bool is_supported(int family) {
  return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

}  // namespace

Result<AdoptedSocket> adopt_socket(UniqueFd socket) {
  if (!socket) return refuse("there is no descriptor", "pass one that is open");
  auto channel = std::make_unique<engine::Channel>(std::move(socket));
  const int type = get_flag(*channel, SOL_SOCKET, SO_TYPE);
  if (type == -ENOTSOCK) {
    return refuse("it is not a socket", "a pipe, terminal or file is for PipeReader or PipeWriter");
  }
  if (type < 0) return fail(engine::operation_error(type, kAdopt));
  if (type != SOCK_STREAM) return refuse("it is not a stream socket", "use a DatagramSocket");
  SocketAddress peer;
  const int failed = engine::Engine::current().peer_address(channel->fd(), peer);
  if (failed == -ENOTCONN) return refuse("it is not connected", "connect it first");
  if (failed < 0) return fail(engine::operation_error(failed, kAdopt));
  if (!is_supported(family_of(peer))) {
    return fail(make_error(ErrorKind::unsupported, kAdopt, {}, "it is neither TCP nor UNIX"));
  }
  const Transport transport = transport_of(peer, SocketKind::stream);
  prepare_stream(*channel, transport, {});
  return AdoptedSocket{std::move(channel), Endpoint::of_address(transport, peer)};
}

}  // namespace hotline::net

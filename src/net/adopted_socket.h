#pragma once

#include <memory>

#include "engine/channel.h"
#include "hotline/core/result.h"
#include "hotline/core/unique_fd.h"
#include "hotline/net/endpoint.h"

namespace hotline::net {

/// A connected stream socket that another part of the program has made.
struct AdoptedSocket {
  std::unique_ptr<engine::Channel> channel;
  Endpoint peer;
};

/// Checks that `socket` is a connected TCP or UNIX stream socket, and prepares it as connect()
/// does. Fails as Stream::adopt does; the descriptor is closed then.
Result<AdoptedSocket> adopt_socket(UniqueFd socket);

}  // namespace hotline::net

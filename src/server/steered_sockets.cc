#include "server/steered_sockets.h"

#include <string>

#include "hotline/engine/clock.h"
#include "server/runner.h"

namespace hotline::server {
namespace {

// More than a queue holds: what arrived before the kernel began to steer comes first.
constexpr int kStrayBatchesMax = 1000;

void drop_what_arrived(DatagramSocket& socket) {
  for (int i = 0; i < kStrayBatchesMax; ++i) {
    const auto arrived = socket.receive_batch(Deadline::at(now()));
    if (!arrived && arrived.error().kind == ErrorKind::timed_out) break;
  }
  // Another loop serves it.
  socket.leave_loop();
}

/// Returns how many loops, threads or processes would share the datagrams of a socket.
std::size_t sharers(const ServerOptions& options) {
  switch (options.concurrency.kind) {
    case Concurrency::Kind::serial: return 1;
    case Concurrency::Kind::threads: return socket_thread_count(options);
    case Concurrency::Kind::processes:
    case Concurrency::Kind::loops: break;
  }
  return options.concurrency.effective_count();
}

void log_unsteered(const Service& service, const ServerOptions& options, std::string why) {
  if (options.log == nullptr || !options.log->wants(LogLevel::info)) return;
  options.log->write({LogLevel::info,
                      "one loop, thread or process answers all datagrams",
                      service.name,
                      {},
                      {},
                      "they cannot be steered by their source: " + std::move(why),
                      {}});
}

}  // namespace

Result<void> bind_steered_sockets(Service& service, const ServerOptions& options) {
  const std::size_t count = sharers(options);
  if (count <= 1) return {};
  const auto unsteered = [&](std::string why) {
    log_unsteered(service, options, std::move(why));
    return Result<void>();
  };
  if (options.concurrency.kind == Concurrency::Kind::processes) {
    return unsteered("processes share one socket");
  }
  if (service.wanted.transport() != Transport::udp) {
    return unsteered("the socket is not one that this program binds to a UDP port");
  }
  while (service.sockets.size() < count) {
    auto another = service.sockets.front().share_port();
    if (!another) return fail(std::move(another.error()));
    service.sockets.push_back(std::move(*another));
  }
  const auto steered = service.sockets.front().steer_by_source(count);
  if (!steered) {
    service.sockets.erase(service.sockets.begin() + 1, service.sockets.end());
    return unsteered(steered.error().message());
  }
  for (DatagramSocket& socket : service.sockets) drop_what_arrived(socket);
  return {};
}

}  // namespace hotline::server

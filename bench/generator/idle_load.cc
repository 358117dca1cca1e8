#include "idle_load.h"

#include <poll.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "clock.h"
#include "failure.h"

namespace bench {
namespace {

// Connections arrive no faster than a slow server accepts: a full backlog costs a second's retry.
constexpr std::size_t kGroup = 64;
constexpr useconds_t kGroupPause = 2'000;

bool readable_in_time(const Descriptor& socket) {
  pollfd waiting{socket.get(), POLLIN, 0};
  return poll(&waiting, 1, static_cast<int>(kSilenceMax / kMillisecond)) == 1;
}

}  // namespace

IdleLoad::IdleLoad(const Options& options)
    : options_(options),
      opener_(options),
      server_(options.server_pid),
      text_(options, options.bytes),
      buffer_(options.bytes) {}

std::string IdleLoad::run() {
  // What the first call of all allocates is not the price of a connection.
  {
    Link first(opener_, 0);
    first.open();
    exchange(first, 0);
  }
  resident_before_ = server_.resident_settled();
  open_all();
  const std::uint64_t silent = server_.resident_settled();
  if (options_.speak) speak_all();
  const std::uint64_t spoken = options_.speak ? server_.resident_settled() : 0;
  char line[512];
  std::snprintf(line, sizeof line,
                "{\"mode\": \"idle\", \"connections\": %zu, \"rss_before\": %" PRIu64
                ", \"rss_silent\": %" PRIu64 ", \"rss_spoken\": %" PRIu64
                ", \"rss_per_connection_silent\": %.1f, \"rss_per_connection_spoken\": %.1f}",
                connections_.size(), resident_before_, silent, spoken, each(silent),
                options_.speak ? each(spoken) : 0.0);
  return line;
}

void IdleLoad::open_all() {
  for (std::size_t i = 0; i < options_.connections; ++i) {
    connections_.emplace_back(opener_, i);
    connections_.back().open();
    if (i % kGroup == kGroup - 1) usleep(kGroupPause);
  }
}

void IdleLoad::speak_all() {
  for (std::size_t i = 0; i < connections_.size(); ++i) exchange(connections_[i], i);
}

void IdleLoad::exchange(Link& link, std::size_t index) {
  const std::uint64_t start = text_.start(index);
  if (link.send(text_.request(start), options_.bytes) != options_.bytes)
    throw Failure("--mode idle: a message must fit the empty send buffer");
  for (std::size_t received = 0; received < options_.bytes;) {
    if (!readable_in_time(link.socket())) throw Failure("short reply: nothing came for 5 s");
    const std::size_t room = options_.bytes - received;
    const std::size_t size = link.receive(buffer_.data(), room);
    text_.verify(buffer_.data(), size, start + received);
    received += size;
  }
}

double IdleLoad::each(std::uint64_t resident) const {
  const auto grown = static_cast<double>(resident) - static_cast<double>(resident_before_);
  return grown / static_cast<double>(connections_.size());
}

}  // namespace bench

#include "hotline/net/socket_options.h"

#include <charconv>
#include <utility>

#include "hotline/core/rows.h"
#include "net/address.h"
#include "net/socket_option_row.h"

namespace hotline {
namespace net {
namespace {

constexpr std::size_t kBacklogMax = 65535;
constexpr std::size_t kReceiveMax = 16 * 1024 * 1024;
constexpr std::size_t kBufferMin = 4 * 1024;
constexpr std::size_t kBufferMax = 1024 * 1024 * 1024;

/// Stores what was taken, if it was given.
template <typename Value>
Result<void> keep(const Result<std::optional<Value>>& taken, std::optional<Value>& into) {
  if (!taken) return fail(taken.error());
  if (*taken) into = *taken;
  return {};
}

Result<void> take_backlog(OptionTaker& taker, SocketOptions& options) {
  const auto backlog = taker.take_number("backlog", 1, kBacklogMax);
  if (!backlog) return fail(backlog.error());
  if (*backlog) options.backlog = static_cast<int>(**backlog);
  return {};
}

Result<void> take_mode(OptionTaker& taker, SocketOptions& options) {
  const auto mode = taker.take("mode");
  if (!mode) return fail(mode.error());
  if (!*mode) return {};
  unsigned bits = 0;
  const std::string& text = **mode;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 8);
  if (error != std::errc() || end != text.data() + text.size() || bits > 0777) {
    return fail(taker.refuse("the option 'mode' is not octal permission bits", "write mode=600"));
  }
  options.mode = bits;
  return {};
}

Result<void> take_source(OptionTaker& taker, SocketOptions& options) {
  auto text = taker.take("source");
  if (!text) return fail(std::move(text.error()));
  if (!*text) return {};
  std::string_view address = **text;
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  if (!is_numeric_host(address)) {
    return fail(taker.refuse("the option 'source' is not a numeric IP address",
                             "write source=192.0.2.1 or source=2001:db8::1, without a port"));
  }
  options.source = address;
  return {};
}

bool is_inherited(const Endpoint& endpoint) { return endpoint.transport() == Transport::fd; }

bool fits_mode(const Endpoint& endpoint, Side side) {
  return side == Side::client || endpoint.is_unix_path();
}

bool fits_nodelay(const Endpoint& endpoint, Side) {
  return is_inherited(endpoint) ||
         (has_port(endpoint.transport()) && is_stream(endpoint.transport()));
}

bool fits_receive_buffer(const Endpoint& endpoint, Side) { return !has_path(endpoint.transport()); }

bool fits_v6_only(const Endpoint& endpoint, Side side) {
  const std::string& host = endpoint.host();
  return side == Side::server && has_port(endpoint.transport()) &&
         (host.empty() || host.contains(':'));
}

bool fits_source(const Endpoint& endpoint, Side side) {
  return side == Side::client && has_port(endpoint.transport());
}

constexpr SocketOptionRow kOptionRows[] = {
    {.choice = {.name = "backlog",
                .form = "backlog=N",
                .summary = "how many callers may wait to be accepted (default 4096)"},
     .take = take_backlog},
    {.choice = {.name = "receive",
                .form = "receive=BYTES",
                .summary = "the most that one receive takes: 1024, 64KiB"},
     .take =
         [](OptionTaker& taker, SocketOptions& options) {
           return keep(taker.take_number("receive", 1, kReceiveMax), options.receive_max);
         }},
    {.choice = {.name = "mode",
                .form = "mode=OCTAL",
                .summary = "servers: permission bits of a UNIX path: 660"},
     .take = take_mode,
     .is_given = [](const SocketOptions& options) { return options.mode.has_value(); },
     .fits = fits_mode,
     .detail = "the option 'mode' is for a UNIX path",
     .advice = "leave it out: nothing else has permission bits"},
    {.choice = {.name = "nodelay",
                .form = "nodelay=on|off",
                .summary = "TCP: send small writes at once (default on)"},
     .take =
         [](OptionTaker& taker, SocketOptions& options) {
           return keep(taker.take_flag("nodelay"), options.nodelay);
         },
     .is_given = [](const SocketOptions& options) { return options.nodelay.has_value(); },
     .fits = fits_nodelay,
     .detail = "the option 'nodelay' is for TCP",
     .advice = "leave it out: nothing else holds small writes back"},
    {.choice = {.name = "send-buffer",
                .form = "send-buffer=BYTES",
                .summary = "how much may wait in the kernel to be sent"},
     .take =
         [](OptionTaker& taker, SocketOptions& options) {
           return keep(taker.take_number("send-buffer", kBufferMin, kBufferMax),
                       options.send_buffer_bytes);
         }},
    {.choice = {.name = "receive-buffer",
                .form = "receive-buffer=BYTES",
                .summary = "TCP, UDP: how much may wait in the kernel to be received"},
     .take =
         [](OptionTaker& taker, SocketOptions& options) {
           return keep(taker.take_number("receive-buffer", kBufferMin, kBufferMax),
                       options.receive_buffer_bytes);
         },
     .is_given =
         [](const SocketOptions& options) { return options.receive_buffer_bytes.has_value(); },
     .fits = fits_receive_buffer,
     .detail = "the option 'receive-buffer' is not for UNIX sockets",
     .advice = "give the other side a send-buffer: what is not read yet stays there"},
    {.choice = {.name = "v6only",
                .form = "v6only=on|off",
                .summary = "servers at an IPv6 address: take no IPv4 callers"},
     .take =
         [](OptionTaker& taker, SocketOptions& options) {
           return keep(taker.take_flag("v6only"), options.v6_only);
         },
     .is_given = [](const SocketOptions& options) { return options.v6_only.has_value(); },
     .fits = fits_v6_only,
     .detail = "the option 'v6only' is for servers at an IPv6 address, or at every address",
     .advice = "leave it out, or listen as in tcp://[::]:8000?v6only=on"},
    {.choice = {.name = "source",
                .form = "source=ADDRESS",
                .summary = "TCP and UDP clients: the address to call from"},
     .take = take_source,
     .is_given = [](const SocketOptions& options) { return !options.source.empty(); },
     .fits = fits_source,
     .detail = "the option 'source' is for clients over TCP or UDP",
     .advice = "leave it out"},
};

constexpr auto kOptionChoices = choices_of(kOptionRows);

}  // namespace

Result<void> check_fit(const Endpoint& endpoint, const SocketOptions& options, Side side,
                       Literal operation) {
  for (const SocketOptionRow& row : kOptionRows) {
    if (row.fits == nullptr || !row.is_given(options) || row.fits(endpoint, side)) continue;
    return fail(make_error(ErrorKind::invalid_argument, operation, endpoint.to_string(),
                           std::string(row.detail), std::string(row.advice)));
  }
  return {};
}

}  // namespace net

Result<SocketOptions> SocketOptions::take_from(OptionTaker& taker, SocketOptions options) {
  for (const net::SocketOptionRow& row : net::kOptionRows) {
    if (auto taken = row.take(taker, options); !taken) return fail(std::move(taken.error()));
  }
  return options;
}

Result<SocketOptions> SocketOptions::take_from(OptionTaker& taker) { return take_from(taker, {}); }

std::span<const Choice> socket_option_names() { return net::kOptionChoices; }

}  // namespace hotline

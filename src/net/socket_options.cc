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

/// A member of SocketOptions for a number of bytes.
using BytesOption = std::optional<std::size_t> SocketOptions::*;

template <BytesOption kMember, std::size_t kMin, std::size_t kMax>
Result<void> take_bytes(OptionTaker& taker, const SocketOptionRow& row, SocketOptions& options) {
  return keep(taker.take_number(row.choice.name, kMin, kMax, row.only), options.*kMember);
}

template <std::optional<bool> SocketOptions::*kMember>
Result<void> take_flag(OptionTaker& taker, const SocketOptionRow& row, SocketOptions& options) {
  return keep(taker.take_flag(row.choice.name, row.only), options.*kMember);
}

/// An `is_given` of an option that may be unset.
template <auto kMember>
bool is_set(const SocketOptions& options) {
  return (options.*kMember).has_value();
}

Result<void> take_backlog(OptionTaker& taker, const SocketOptionRow& row, SocketOptions& options) {
  const auto backlog = taker.take_number(row.choice.name, 1, kBacklogMax, row.only);
  if (!backlog) return fail(backlog.error());
  if (*backlog) options.backlog = static_cast<int>(**backlog);
  return {};
}

Result<void> take_mode(OptionTaker& taker, const SocketOptionRow& row, SocketOptions& options) {
  const auto mode = taker.take(row.choice.name, row.only);
  if (!mode) return fail(mode.error());
  if (!*mode) return {};
  unsigned bits = 0;
  const std::string& text = **mode;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 8);
  if (error != std::errc() || end != text.data() + text.size() || bits > 0777) {
    return fail(taker.refuse("the option 'mode' is not octal permission bits",
                             "write mode=N with N from 0 to 777 in octal, such as mode=600"));
  }
  options.mode = bits;
  return {};
}

Result<void> take_source(OptionTaker& taker, const SocketOptionRow& row, SocketOptions& options) {
  auto text = taker.take(row.choice.name, row.only);
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

/// The room of the server takes the option.
Result<void> leave_to_server(OptionTaker& taker, const SocketOptionRow& row, SocketOptions&) {
  return taker.check_side(row.choice.name, *row.only);
}

bool is_inherited(const Endpoint& endpoint) { return endpoint.transport() == Transport::fd; }

bool fits_stream(const Endpoint& endpoint) {
  return is_inherited(endpoint) || is_stream(endpoint.transport());
}

bool fits_path(const Endpoint& endpoint) { return endpoint.is_unix_path(); }

bool fits_nodelay(const Endpoint& endpoint) {
  return is_inherited(endpoint) ||
         (has_port(endpoint.transport()) && is_stream(endpoint.transport()));
}

bool fits_receive_buffer(const Endpoint& endpoint) { return !has_path(endpoint.transport()); }

bool fits_v6_only(const Endpoint& endpoint) {
  const std::string& host = endpoint.host();
  return has_port(endpoint.transport()) && (host.empty() || host.contains(':'));
}

bool fits_port(const Endpoint& endpoint) { return has_port(endpoint.transport()); }

constexpr SocketOptionRow kOptionRows[] = {
    {.choice = {.name = "backlog",
                .form = "backlog=N",
                .summary = "servers: how many callers may wait to be accepted (default 4096)"},
     .take = take_backlog,
     .only = Side::server,
     .is_given = is_set<&SocketOptions::backlog>,
     .fits = fits_stream,
     .detail = "the option 'backlog' is for streams",
     .advice = "leave it out: datagrams are not accepted"},
    {.choice = {.name = "receive",
                .form = "receive=BYTES",
                .summary = "streams: the most that one receive takes: 1024, 64KiB"},
     .take = take_bytes<&SocketOptions::receive_max, 1, kReceiveMax>,
     .is_given = is_set<&SocketOptions::receive_max>,
     .fits = fits_stream,
     .detail = "the option 'receive' is for streams",
     .advice = "leave it out: a datagram is received whole"},
    {.choice = {.name = "mode",
                .form = "mode=OCTAL",
                .summary = "servers: permission bits of a UNIX path: 660"},
     .take = take_mode,
     .only = Side::server,
     .is_given = is_set<&SocketOptions::mode>,
     .fits = fits_path,
     .detail = "the option 'mode' is for a UNIX path",
     .advice = "leave it out: nothing else has permission bits"},
    {.choice = {.name = "nodelay",
                .form = "nodelay=on|off",
                .summary = "TCP: send small writes at once (default on)"},
     .take = take_flag<&SocketOptions::nodelay>,
     .is_given = is_set<&SocketOptions::nodelay>,
     .fits = fits_nodelay,
     .detail = "the option 'nodelay' is for TCP",
     .advice = "leave it out: nothing else holds small writes back"},
    {.choice = {.name = "send-buffer",
                .form = "send-buffer=BYTES",
                .summary = "how much may wait in the kernel to be sent"},
     .take = take_bytes<&SocketOptions::send_buffer_bytes, kBufferMin, kBufferMax>},
    {.choice = {.name = "receive-buffer",
                .form = "receive-buffer=BYTES",
                .summary = "TCP, UDP: how much may wait in the kernel to be received"},
     .take = take_bytes<&SocketOptions::receive_buffer_bytes, kBufferMin, kBufferMax>,
     .is_given = is_set<&SocketOptions::receive_buffer_bytes>,
     .fits = fits_receive_buffer,
     .detail = "the option 'receive-buffer' is not for UNIX sockets",
     .advice = "give the other side a send-buffer: what is not read yet stays there"},
    {.choice = {.name = "v6only",
                .form = "v6only=on|off",
                .summary = "servers at an IPv6 address: take no IPv4 callers"},
     .take = take_flag<&SocketOptions::v6_only>,
     .only = Side::server,
     .is_given = is_set<&SocketOptions::v6_only>,
     .fits = fits_v6_only,
     .detail = "the option 'v6only' is for servers at an IPv6 address, or at every address",
     .advice = "leave it out, or listen as in tcp://[::]:8000?v6only=on"},
    {.choice = {.name = "source",
                .form = "source=ADDRESS",
                .summary = "TCP and UDP clients: the address to call from"},
     .take = take_source,
     .only = Side::client,
     .is_given = [](const SocketOptions& options) { return !options.source.empty(); },
     .fits = fits_port,
     .detail = "the option 'source' is for TCP and UDP",
     .advice = "leave it out: other sockets have no IP address"},
    {.choice = {.name = "allow",
                .form = "allow=any|LIST",
                .summary = "servers: which callers are served"},
     .take = leave_to_server,
     .only = Side::server},
};

constexpr auto kOptionChoices = choices_of(kOptionRows);

}  // namespace

Error wrong_side(const Endpoint& endpoint, Literal operation, std::string_view key, Side only) {
  const bool is_for_listening = only == Side::server;
  return make_error(ErrorKind::invalid_argument, operation, endpoint.to_string(),
                    "the option '" + std::string(key) + "' is for " +
                        (is_for_listening ? "listening" : "calling"),
                    std::string("leave it out: only the endpoint of a ") +
                        (is_for_listening ? "server" : "client") + " may have it");
}

Result<void> check_fit(const Endpoint& endpoint, const SocketOptions& options, Side side,
                       Literal operation) {
  for (const SocketOptionRow& row : kOptionRows) {
    if (row.is_given == nullptr || !row.is_given(options)) continue;
    if (row.only && *row.only != side) {
      return fail(wrong_side(endpoint, operation, row.choice.name, *row.only));
    }
    if (row.fits == nullptr || row.fits(endpoint)) continue;
    return fail(make_error(ErrorKind::invalid_argument, operation, endpoint.to_string(),
                           std::string(row.detail), std::string(row.advice)));
  }
  return {};
}

}  // namespace net

Result<SocketOptions> SocketOptions::take_from(OptionTaker& taker, SocketOptions options) {
  for (const net::SocketOptionRow& row : net::kOptionRows) {
    if (auto taken = row.take(taker, row, options); !taken) return fail(std::move(taken.error()));
  }
  return options;
}

Result<SocketOptions> SocketOptions::take_from(OptionTaker& taker) { return take_from(taker, {}); }

std::span<const Choice> socket_option_names() { return net::kOptionChoices; }

}  // namespace hotline

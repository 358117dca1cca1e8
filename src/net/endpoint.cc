#include "hotline/net/endpoint.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "hotline/core/bytes.h"
#include "net/address.h"
#include "net/percent_encoding.h"
#include "net/transport_row.h"

namespace hotline {
namespace {

// sun_path has 108 bytes; a path needs its terminating zero, an abstract name its leading one.
constexpr std::size_t kUnixNameMax = 107;

std::string advice_on_forms() { return "write " + list_forms(transport_names(), "or"); }

std::unexpected<Error> refuse(std::string_view uri, std::string detail, std::string advice) {
  // What cannot be parsed may hold anything: it is shown escaped.
  return fail(make_error(ErrorKind::invalid_argument, "understand the endpoint",
                         "'" + escape(as_bytes(uri)) + "'", std::move(detail), std::move(advice)));
}

std::unexpected<Error> refuse(std::string_view uri, std::string detail) {
  return refuse(uri, std::move(detail), advice_on_forms());
}

std::string advice_on_port(Transport transport) {
  const std::string scheme(name_of(transport));
  return "write " + std::string(net::row_of(transport).choice.form) +
         " with a PORT from 0 to 65535, as in " + scheme + "://127.0.0.1:8000; an IPv6 address " +
         "goes in brackets: " + scheme + "://[::1]:8000";
}

template <typename Number>
std::optional<Number> parse_decimal(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

/// HOST:PORT alone means TCP, most likely; `otherwise` is for all else.
std::string advice_on_scheme(std::string_view uri, std::string otherwise) {
  const std::size_t colon = uri.find(':');
  const std::string_view rest = colon == uri.npos ? std::string_view() : uri.substr(colon + 1);
  if (!parse_decimal<std::uint16_t>(rest.substr(0, rest.find('?')))) return otherwise;
  return "did you mean 'tcp://" + escape(as_bytes(uri)) + "'?";
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

/// A path may contain any byte, and a peer may have chosen it: these bytes would mean something
/// else in a URI, or in a log.
constexpr std::string_view kReservedInPaths = "?\"\\";

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x7f && !std::string_view("/@[]").contains(c);
  });
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

std::optional<HostAndPort> split_host_and_port(std::string_view rest) {
  if (!rest.starts_with('[')) {
    const std::size_t colon = rest.find(':');
    // More than one colon: an IPv6 address that lacks its brackets.
    if (colon == rest.npos || rest.find(':', colon + 1) != rest.npos) return std::nullopt;
    return HostAndPort{rest.substr(0, colon), rest.substr(colon + 1)};
  }
  const std::size_t close = rest.find(']');
  if (close == rest.npos || close == 1 || rest.substr(close + 1, 1) != ":") return std::nullopt;
  return HostAndPort{rest.substr(1, close - 1), rest.substr(close + 2)};
}

std::optional<std::vector<EndpointOption>> split_options(std::string_view query) {
  std::vector<EndpointOption> options;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos || equals == 0) return std::nullopt;
    options.push_back({std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1))});
    if (end == query.size()) break;
    query.remove_prefix(end + 1);
    if (query.empty()) return std::nullopt;
  }
  return options;
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view uri) {
  if (uri.empty()) return refuse(uri, "it is empty");
  const std::size_t colon = uri.find(':');
  if (colon == uri.npos || colon == 0) {
    return refuse(uri, "it has no scheme", advice_on_scheme(uri, advice_on_forms()));
  }
  const std::string_view scheme = uri.substr(0, colon);
  const auto rows = net::transport_rows();
  const auto row = std::ranges::find(
      rows, scheme, [](const net::TransportRow& each) { return each.choice.name; });
  if (row == rows.end()) {
    return refuse(uri, "there is no scheme '" + escape(as_bytes(scheme)) + "'",
                  advice_on_scheme(uri, "the schemes are " + list_names(transport_names())));
  }
  if (!is_printable(uri)) return refuse(uri, "it has blanks or control characters in it");

  std::string_view rest = uri.substr(colon + 1);
  Endpoint endpoint;
  endpoint.transport_ = row->transport;
  Extras extras;
  if (const std::size_t mark = rest.find('?'); mark != rest.npos) {
    auto options = split_options(rest.substr(mark + 1));
    if (!options || options->empty()) {
      return refuse(uri, "its options are not KEY=VALUE pairs", "write ?KEY=VALUE&KEY=VALUE");
    }
    extras.options = std::move(*options);
    rest = rest.substr(0, mark);
  }
  if (row->address == net::AddressForm::host_and_port) {
    if (!rest.starts_with("//")) return refuse(uri, "'//' must follow the scheme");
    rest.remove_prefix(2);
  }
  if (row->has_user) {
    auto user = take_user(uri, rest);
    if (!user) return fail(std::move(user.error()));
    extras.user = std::move(*user);
  }
  if (extras != Extras()) endpoint.extras_ = std::make_shared<const Extras>(std::move(extras));

  Result<void> taken;
  switch (row->address) {
    case net::AddressForm::host_and_port: taken = endpoint.take_host_and_port(uri, rest); break;
    case net::AddressForm::path: taken = endpoint.take_path(uri, rest); break;
    case net::AddressForm::descriptor: taken = endpoint.take_descriptor(uri, rest); break;
  }
  if (!taken) return fail(std::move(taken.error()));
  return endpoint;
}

/// Removes `NAME@` from the front of `rest`. Returns NAME, empty if there is none.
Result<std::string> Endpoint::take_user(std::string_view uri, std::string_view& rest) {
  const std::size_t at = rest.find('@');
  if (at == rest.npos) return std::string();
  const std::string user(rest.substr(0, at));
  if (user.empty() || !is_host(user)) {
    return refuse(uri, "there is no name before its @", "write tls://NAME@HOST:PORT");
  }
  rest.remove_prefix(at + 1);
  return user;
}

Result<void> Endpoint::take_host_and_port(std::string_view uri, std::string_view rest) {
  const auto parts = split_host_and_port(rest);
  if (!parts) return refuse(uri, "it has no HOST:PORT", advice_on_port(transport_));
  const auto port = parse_decimal<std::uint16_t>(parts->port);
  if (!port) {
    return refuse(uri, "its port is not a number from 0 to 65535", advice_on_port(transport_));
  }
  if (!is_host(parts->host)) {
    return refuse(uri, "its host has a character that no host has",
                  "international names are written in their xn-- form");
  }
  name_ = parts->host;
  port_ = *port;
  return {};
}

Result<void> Endpoint::take_path(std::string_view uri, std::string_view rest) {
  is_abstract_ = rest.starts_with('@');
  if (is_abstract_) {
    rest.remove_prefix(1);
  } else if (rest.starts_with("//")) {
    rest.remove_prefix(2);
  }
  const bool is_rooted = is_abstract_ || rest.starts_with('/');
  if (!is_rooted || rest.size() < (is_abstract_ ? 1 : 2)) {
    return refuse(uri, "it has no absolute path and no @NAME");
  }
  auto path = net::percent_decode(rest);
  if (!path || (!is_abstract_ && path->find('\0') != path->npos)) {
    return refuse(uri, "'%' must be followed by two hex digits", "write % itself as %25");
  }
  if (path->size() > kUnixNameMax) {
    return refuse(uri, "its path is longer than 107 bytes",
                  "the kernel takes no longer ones: move it");
  }
  name_ = std::move(*path);
  return {};
}

Result<void> Endpoint::take_descriptor(std::string_view uri, std::string_view rest) {
  const auto number = parse_decimal<int>(rest);
  if (!number || *number < 0) return refuse(uri, "a descriptor's number must follow", "write fd:3");
  descriptor_ = *number;
  return {};
}

Endpoint Endpoint::of_address(Transport transport, const SocketAddress& address) {
  Endpoint endpoint;
  endpoint.transport_ = transport;
  const net::AddressText text = net::describe(address);
  endpoint.name_ = endpoint.has_path() ? text.path : text.host;
  endpoint.port_ = text.port;
  endpoint.is_abstract_ = text.is_abstract;
  return endpoint;
}

const std::string& Endpoint::host() const {
  static const std::string kNone;
  return has_path() ? kNone : name_;
}

const std::string& Endpoint::path() const {
  static const std::string kNone;
  return has_path() ? name_ : kNone;
}

Endpoint Endpoint::of_descriptor(int fd) {
  Endpoint endpoint;
  endpoint.transport_ = Transport::fd;
  endpoint.descriptor_ = fd;
  return endpoint;
}

const Endpoint::Extras& Endpoint::extras() const {
  static const Extras kNone;
  return extras_ ? *extras_ : kNone;
}

bool operator==(const Endpoint& left, const Endpoint& right) {
  return left.transport_ == right.transport_ && left.is_abstract_ == right.is_abstract_ &&
         left.port_ == right.port_ && left.descriptor_ == right.descriptor_ &&
         left.name_ == right.name_ && left.extras() == right.extras();
}

std::string Endpoint::to_uri() const {
  std::string text = to_string();
  char mark = '?';
  for (const EndpointOption& option : options()) {
    text.append(1, std::exchange(mark, '&')).append(option.key).append("=").append(option.value);
  }
  return text;
}

std::string Endpoint::to_string() const {
  std::string text(name_of(transport_));
  switch (net::row_of(transport_).address) {
    case net::AddressForm::host_and_port: {
      const bool is_ipv6 = name_.find(':') != name_.npos;
      text.append("://")
          .append(user())
          .append(user().empty() ? "" : "@")
          .append(is_ipv6 ? "[" : "")
          .append(name_)
          .append(is_ipv6 ? "]:" : ":");
      return text += std::to_string(port_);
    }
    case net::AddressForm::path:
      text += is_abstract_ ? ":@" : name_.empty() ? ":" : "://";
      return text += net::percent_encode(name_, kReservedInPaths);
    case net::AddressForm::descriptor: return text.append(":").append(std::to_string(descriptor_));
  }
  return text;
}

Endpoint Endpoint::with_port(std::uint16_t port) const {
  Endpoint other = *this;
  other.port_ = port;
  other.extras_.reset();
  if (!user().empty()) other.extras_ = std::make_shared<const Extras>(Extras{.user = user()});
  return other;
}

bool Endpoint::is_local() const {
  if (hotline::is_local(transport_)) return true;
  return name_ == "::1" || name_ == "localhost" ||
         (name_.starts_with("127.") && name_.find_first_not_of("0123456789.") == name_.npos) ||
         name_.starts_with("::ffff:127.");
}

}  // namespace hotline

#include "hotline/net/transport.h"

#include <cassert>
#include <iterator>
#include <vector>

#include "hotline/core/rows.h"
#include "net/transport_row.h"

namespace hotline {
namespace net {
namespace {

constexpr TransportRow kTransportRows[] = {
    {.transport = Transport::tcp,
     .choice = {.name = "tcp",
                .form = "tcp://HOST:PORT",
                .summary = "a TCP stream; tcp://:8000 listens on every address, port 0 takes a "
                           "free port"},
     .address = AddressForm::host_and_port,
     .socket = SocketKind::stream},
    {.transport = Transport::udp,
     .choice = {.name = "udp", .form = "udp://HOST:PORT", .summary = "UDP datagrams"},
     .address = AddressForm::host_and_port,
     .socket = SocketKind::datagram},
    {.transport = Transport::unix_,
     .choice = {.name = "unix", .form = "unix:///PATH", .summary = "a UNIX stream"},
     .abstract_choice = {.name = "unix",
                         .form = "unix:@NAME",
                         .summary = "a UNIX stream with an abstract name (Linux), which is not a "
                                    "file"},
     .address = AddressForm::path,
     .socket = SocketKind::stream,
     .is_local = true},
    {.transport = Transport::unixgram,
     .choice = {.name = "unixgram", .form = "unixgram:///PATH", .summary = "UNIX datagrams"},
     .abstract_choice = {.name = "unixgram",
                         .form = "unixgram:@NAME",
                         .summary = "UNIX datagrams with an abstract name"},
     .address = AddressForm::path,
     .socket = SocketKind::datagram,
     .is_local = true},
    {.transport = Transport::tls,
     .choice = {.name = "tls",
                .form = "tls://HOST:PORT",
                .summary = "a TLS 1.3 stream; clients name their key: tls://NAME@HOST:PORT"},
     .address = AddressForm::host_and_port,
     .socket = SocketKind::stream,
     .is_protected = true,
     .has_user = true},
    {.transport = Transport::fd,
     .choice = {.name = "fd",
                .form = "fd:N",
                .summary = "servers only: a socket inherited as descriptor N, which is listening, "
                           "or bound if it is for datagrams; the server uses a duplicate"},
     .address = AddressForm::descriptor,
     .socket = {}},
};

static_assert(is_in_order(kTransportRows, &TransportRow::transport),
              "row_of finds a row by the number of its enumerator");

constexpr auto kTransportChoices = choices_of(kTransportRows);

}  // namespace

std::span<const TransportRow> transport_rows() { return kTransportRows; }

const TransportRow& row_of(Transport transport) {
  const auto index = static_cast<std::size_t>(transport);
  assert(index < std::size(kTransportRows) && "a Transport is one of the enumerators");
  return kTransportRows[index];
}

std::string list_transports(SocketKind kind, std::string_view conjunction) {
  std::vector<Choice> choices;
  for (const TransportRow& row : kTransportRows) {
    if (row.socket == kind) choices.push_back(row.choice);
  }
  return list_names(choices, conjunction);
}

}  // namespace net

std::string_view name_of(Transport transport) { return net::row_of(transport).choice.name; }

bool is_datagram(Transport transport) {
  return net::row_of(transport).socket == net::SocketKind::datagram;
}

bool is_stream(Transport transport) {
  return net::row_of(transport).socket == net::SocketKind::stream;
}

bool has_port(Transport transport) {
  return net::row_of(transport).address == net::AddressForm::host_and_port;
}

bool has_path(Transport transport) {
  return net::row_of(transport).address == net::AddressForm::path;
}

bool is_local(Transport transport) { return net::row_of(transport).is_local; }

bool is_protected(Transport transport) { return net::row_of(transport).is_protected; }

std::span<const Choice> transport_names() { return net::kTransportChoices; }

std::vector<Choice> transport_forms(Transport transport) {
  const net::TransportRow& row = net::row_of(transport);
  std::vector<Choice> forms = {row.choice};
  if (!row.abstract_choice.form.empty()) forms.push_back(row.abstract_choice);
  return forms;
}

}  // namespace hotline

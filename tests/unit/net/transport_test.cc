#include "hotline/net/transport.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"
#include "net/transport_row.h"

namespace hotline::transport_test {

TEST_CASE("every transport has a name, a form and a summary of one line") {
  REQUIRE(transport_names().size() == net::transport_rows().size());
  for (const net::TransportRow& row : net::transport_rows()) {
    const Choice& choice = transport_names()[static_cast<std::size_t>(row.transport)];
    CAPTURE(choice.name);
    CHECK(choice == row.choice);
    CHECK(name_of(row.transport) == choice.name);
    CHECK(choice.form.starts_with(std::string(choice.name) + ":"));
    CHECK_FALSE(choice.summary.empty());
    CHECK_FALSE(choice.summary.contains('\n'));
  }
}

TEST_CASE("the form of each transport is an endpoint, once its words are filled in") {
  for (const Choice& choice : transport_names()) {
    std::string uri(choice.form);
    for (const auto& [word, value] : {std::pair<std::string, std::string>{"HOST", "localhost"},
                                      {"PORT", "80"},
                                      {"PATH", "run"},
                                      {"N", "3"}}) {
      if (const std::size_t at = uri.find(word); at != uri.npos)
        uri.replace(at, word.size(), value);
    }
    CAPTURE(uri);
    const auto endpoint = Endpoint::parse(uri);
    REQUIRE(endpoint);
    CHECK(name_of(endpoint->transport()) == choice.name);
    CHECK(endpoint->to_uri() == uri);
  }
}

TEST_CASE("a transport carries a stream or datagrams, and an inherited socket is not known yet") {
  struct Form {
    Transport transport;
    bool is_stream;
    bool is_datagram;
    bool has_port;
    bool has_path;
    bool is_local;
  };
  for (const Form& form : {Form{Transport::tcp, true, false, true, false, false},
                           Form{Transport::udp, false, true, true, false, false},
                           Form{Transport::unix_, true, false, false, true, true},
                           Form{Transport::unixgram, false, true, false, true, true},
                           Form{Transport::fd, false, false, false, false, false}}) {
    CAPTURE(name_of(form.transport));
    CHECK(is_stream(form.transport) == form.is_stream);
    CHECK(is_datagram(form.transport) == form.is_datagram);
    CHECK(has_port(form.transport) == form.has_port);
    CHECK(has_path(form.transport) == form.has_path);
    CHECK(is_local(form.transport) == form.is_local);
  }
}

TEST_CASE("the transports with one kind of socket are listed in their order") {
  CHECK(net::list_transports(net::SocketKind::stream, "or") == "tcp, unix or tls");
  CHECK(net::list_transports(net::SocketKind::datagram) == "udp and unixgram");
}

}  // namespace hotline::transport_test

#include "server/allowed_callers.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "hotline/net/datagram_socket.h"
#include "server/service.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::server::allowed_callers_test {
namespace {

constexpr unsigned kNobody = 65534;

void ignore_stream(Stream&) {}
Reply ignore_message(const Message&) { return {}; }

Handler guarded() { return Handler(ignore_stream).also(ignore_message).only_owner(); }
Handler open_to_all() { return Handler(ignore_stream).also(ignore_message); }

Result<Identity> take_any_name(Stream&) { return Identity{"alice"}; }
Handler naming() { return open_to_all().authenticate(take_any_name); }

Identity caller_of(const Stream& call) {
  return Identity::of_user(call.peer_credentials().value());
}

Result<Service> decided(const std::string& uri, Handler handler) {
  Service service;
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint);
  service.name = "guarded";
  service.wanted = *endpoint;
  service.handler = std::move(handler);
  service.socket = *SocketOptions::take_from(taker);
  if (auto taken = take_allowed_callers(taker, service); !taken) return fail(taken.error());
  CHECK(taker.finish());
  return service;
}

/// Returns which users are allowed and the mode of a path: `owner 600`.
std::string decision(const std::string& uri, Handler handler) {
  const auto service = decided(uri, std::move(handler));
  if (!service) return "<" + service.error().message() + ">";
  std::string text = service->allowed.allows_any()      ? "any"
                     : service->allowed.is_owner_only() ? "owner"
                                                        : "list";
  if (service->socket.mode == 0600) text += " 600";
  if (service->socket.mode == 0660) text += " 660";
  if (service->socket.mode == 0666) text += " 666";
  return text;
}

}  // namespace

TEST_CASE("a guarded handler is for its owner, unless the endpoint says otherwise") {
  CHECK(decision("unix:@x", guarded()) == "owner");
  CHECK(decision("unix:///x", guarded()) == "owner 600");
  CHECK(decision("unixgram:///x", guarded()) == "owner 600");
  CHECK(decision("fd:3", guarded()) == "owner");
  CHECK(decision("unix:///x?mode=660", guarded()) == "any 660");
  CHECK(decision("unix:///x?mode=660&allow=owner", guarded()) == "owner 660");
  CHECK(decision("unix:@x?allow=any", guarded()) == "any");
  CHECK(decision("unix:///x?allow=any", guarded()) == "any 666");
  CHECK(decision("tcp://127.0.0.1:0", guarded()) == "any");
  CHECK(decision("tcp://127.0.0.1:0?allow=any", guarded()) == "any");
  CHECK(decision("udp://127.0.0.1:0?allow=any", guarded()) == "any");
}

TEST_CASE("any other handler is for all users, unless the endpoint says otherwise") {
  CHECK(decision("unix:@x", open_to_all()) == "any");
  CHECK(decision("unix:///x", open_to_all()) == "any");
  CHECK(decision("unix:///x?mode=660", open_to_all()) == "any 660");
  CHECK(decision("unix:///x?allow=owner", open_to_all()) == "owner 600");
  CHECK(decision("unix:@x?allow=owner", open_to_all()) == "owner");
}

TEST_CASE("a mode decides which users may call only where a path has it") {
  CHECK(decision("unix:@x?mode=600", guarded()) == "owner 600");
  CHECK(decision("unixgram:@x?mode=660", guarded()) == "owner 660");
  CHECK(decision("fd:3?mode=660", guarded()) == "owner 660");
  const std::string name = "unix:@allowed-callers-mode-" + std::to_string(::getpid());
  for (const std::string& uri : {name + "?mode=600", std::string("tcp://127.0.0.1:0?mode=600")}) {
    CAPTURE(uri);
    auto service = decided(uri, guarded());
    REQUIRE(service);
    CHECK(test::kind_of(bind_service(*service, {}, 0)) == "invalid_argument");
  }
}

TEST_CASE("an option without a meaning is refused") {
  for (const char* uri : {"unix:@x?allow=", "unix:@x?allow=any,uid:1",
                          "unix:@x?allow=any&allow=any", "tcp://127.0.0.1:0?allow=owner"}) {
    CAPTURE(uri);
    const auto service = decided(uri, guarded());
    REQUIRE_FALSE(service);
    CHECK(service.error().kind == ErrorKind::invalid_argument);
  }
}

TEST_CASE("a path lets the listed callers in") {
  CHECK(decision("unix:///x?allow=uid:1000", guarded()) == "list 666");
  CHECK(decision("unix:///x?allow=owner,gid:100", open_to_all()) == "list 666");
  CHECK(decision("unix:///x?allow=uid:1000&mode=660", guarded()) == "list 660");
  CHECK(decision("unix:@x?allow=uid:1000", guarded()) == "list");
  CHECK(decision("fd:3?allow=uid:1000", guarded()) == "list");
}

TEST_CASE("a list is refused where nothing of what it names is known of a caller") {
  const struct {
    const char* uri;
    Handler handler;
    const char* detail;
  } kRefused[] = {
      {"tcp://127.0.0.1:0?allow=uid:1000", open_to_all(), "for UNIX sockets"},
      {"tcp://127.0.0.1:0?allow=owner", open_to_all(), "for UNIX sockets"},
      {"tcp://127.0.0.1:0?allow=alice", open_to_all(), "nothing proves the names"},
      {"unix:@x?allow=alice,uid:1", open_to_all(), "nothing proves the names"},
      {"fd:3?allow=alice", open_to_all(), "nothing proves the names"},
      {"tls://127.0.0.1:0?allow=alice,uid:1", open_to_all(), "for UNIX sockets"},
      {"tls://127.0.0.1:0?allow=owner", open_to_all(), "for UNIX sockets"},
      {"tcp://127.0.0.1:0?allow=alice,gid:1", naming(), "for UNIX sockets"},
      {"udp://127.0.0.1:0?allow=alice", open_to_all(), "do not identify their senders"},
      {"unixgram:///x?allow=uid:1", open_to_all(), "do not identify their senders"},
      {"unixgram:///x?allow=alice", open_to_all(), "do not identify their senders"},
      {"unixgram:///x?allow=owner,gid:1", open_to_all(), "do not identify their senders"},
      {"unix:@x?allow=", open_to_all(), "an entry is empty"},
      {"unix:@x?allow=uid:1,,uid:2", open_to_all(), "an entry is empty"},
      {"unix:@x?allow=uid:", open_to_all(), "has no number"},
      {"tls://127.0.0.1:0?allow=al%20ice", open_to_all(), "not the name of a key"},
  };
  for (const auto& each : kRefused) {
    CAPTURE(std::string(each.uri));
    const auto service = decided(each.uri, each.handler);
    REQUIRE_FALSE(service);
    CHECK(service.error().kind == ErrorKind::invalid_argument);
    CHECK_FALSE(service.error().hint().empty());
    CAPTURE(service.error().message());
    CHECK(service.error().message().find(each.detail) != std::string::npos);
  }
  CHECK(decision("tcp://127.0.0.1:0?allow=alice", naming()) == "list");
  CHECK(decision("unix:@x?allow=alice,uid:1,owner", naming()) == "list");
  CHECK(decision("tls://127.0.0.1:0?allow=alice,bob", open_to_all()) == "list");
}

TEST_CASE("a list of names is refused where callers need no certificate") {
  auto service = decided("tls://127.0.0.1:0?allow=alice", open_to_all());
  REQUIRE(service);
  service->bound = service->wanted;
  TlsFiles files;
  CHECK(check_allowed_callers(*service, files));
  files.certificate = "cert.pem";
  const auto checked = check_allowed_callers(*service, files);
  CHECK(test::kind_of(checked) == "invalid_argument");
  CHECK(checked.error().hint().starts_with("give ca= too"));
  files.roots = "ca.pem";
  CHECK(check_allowed_callers(*service, files));
}

TEST_CASE("an identity is allowed by its proven name, or by its user") {
  Service service;
  service.allowed = AllowedIdentities::parse("alice,uid:1000").value();
  const auto is_allowed = [&](const Identity& identity) { return allows(service, &identity); };
  using Kind = Identity::Kind;
  CHECK(is_allowed({.name = "alice"}));
  CHECK(is_allowed({.name = "alice", .kind = Kind::key}));
  CHECK(is_allowed({.name = "CN=alice,O=x", .kind = Kind::certificate, .common_name = "alice"}));
  CHECK(is_allowed(Identity::of_user({.pid = 1, .uid = 1000, .gid = 1})));
  CHECK(is_allowed({.name = "eve", .credentials = PeerCredentials{1, 1000, 1}}));
  CHECK_FALSE(is_allowed({.name = "eve", .kind = Kind::key}));
  CHECK_FALSE(is_allowed({.name = "alice", .kind = Kind::certificate}));
  CHECK_FALSE(is_allowed({.name = "alice", .kind = Kind::user}));
  CHECK_FALSE(is_allowed({.name = "uid:1000", .kind = Kind::user}));
  CHECK_FALSE(is_allowed(Identity::of_user({.pid = 1, .uid = 1001, .gid = 1000})));
  CHECK_FALSE(allows(service, nullptr));
}

TEST_CASE("a path that is for some users gets its mode whatever the umask") {
  struct Row {
    mode_t umask;
    std::string options;
    mode_t mode;
  };
  for (const Row& row :
       {Row{0, "", 0600}, Row{022, "?allow=any", 0666}, Row{022, "?allow=uid:1", 0666},
        Row{077, "?allow=any&mode=660", 0660}, Row{0, "?allow=owner", 0600}}) {
    CAPTURE(row.options);
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("socket");
    const mode_t before = ::umask(row.umask);
    auto service = decided("unix://" + path + row.options, guarded());
    REQUIRE(service);
    CHECK(bind_service(*service, {}, 0));
    ::umask(before);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == row.mode);
  }
}

TEST_CASE("a service for its owner is not bound to a name for datagrams") {
  const std::string name = "unixgram:@allowed-callers-" + std::to_string(::getpid());
  auto service = decided(name, guarded());
  REQUIRE(service);
  const auto bound = bind_service(*service, {}, 0);
  REQUIRE_FALSE(bound);
  CHECK(bound.error().kind == ErrorKind::permission_denied);
  auto opened = decided(name + "-any?allow=any", guarded());
  REQUIRE(opened);
  CHECK(bind_service(*opened, {}, 0));
}

TEST_CASE("a path for datagrams that is open to others is not bound for its owner only") {
  const test::TemporaryDirectory directory;
  const std::string path = "unixgram://" + directory.file("s");
  for (const char* mode : {"&mode=666", "&mode=660", "&mode=601"}) {
    CAPTURE(mode);
    auto service = decided(path + "?allow=owner" + mode, open_to_all());
    REQUIRE(service);
    const auto bound = bind_service(*service, {}, 0);
    REQUIRE_FALSE(bound);
    CHECK(bound.error().kind == ErrorKind::permission_denied);
  }
  for (const char* options : {"?allow=owner", "?allow=owner&mode=600", "?allow=owner&mode=700",
                              "?mode=666", "?allow=any&mode=666"}) {
    CAPTURE(options);
    auto service = decided(path + options, open_to_all());
    REQUIRE(service);
    CHECK(bind_service(*service, {}, 0));
  }
}

TEST_CASE("an inherited socket whose callers are not users of this machine cannot have an owner") {
  const auto [listening, port] = test::tcp_listener();
  const auto datagrams = bind_datagrams(*Endpoint::parse("udp://127.0.0.1:0"));
  REQUIRE(datagrams);
  for (const int number : {listening.get(), datagrams->descriptor()}) {
    const std::string uri = "fd:" + std::to_string(number);
    auto service = decided(uri + "?allow=owner", open_to_all());
    REQUIRE(service);
    const auto bound = bind_service(*service, {}, 0);
    REQUIRE_FALSE(bound);
    CHECK(bound.error().kind == ErrorKind::invalid_argument);
    for (const char* options : {"", "?allow=any"}) {
      auto open = decided(uri + options, open_to_all());
      REQUIRE(open);
      CHECK(bind_service(*open, {}, 0));
    }
    auto by_default = decided(uri, guarded());
    REQUIRE(by_default);
    CHECK(bind_service(*by_default, {}, 0));
  }
}

TEST_CASE("the server's own user may call") {
  test::on_each_engine([] {
    auto service = decided("unix:@allowed-callers-own-" + std::to_string(::getpid()), guarded());
    REQUIRE(service);
    REQUIRE(bind_service(*service, {}, 0));
    const auto call = connect(service->bound);
    REQUIRE(call);
    const auto accepted = service->listeners.front().accept();
    REQUIRE(accepted);
    const Identity own = caller_of(*accepted);
    CHECK(allows(*service, &own));
  });
}

TEST_CASE("another user may not call, and is named") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can be another user");
    return;
  }
  auto service = decided("unix:@allowed-callers-other-" + std::to_string(::getpid()), guarded());
  REQUIRE(service);
  REQUIRE(bind_service(*service, {}, 0));
  const pid_t other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    if (::setuid(kNobody) != 0) ::_exit(EXIT_FAILURE);
    const auto call = connect(service->bound);
    ::_exit(call ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  const auto accepted = service->listeners.front().accept();
  REQUIRE(accepted);
  const Identity nobody = caller_of(*accepted);
  CHECK(nobody.name == "uid:65534");
  CHECK_FALSE(allows(*service, &nobody));
  int status = 0;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(status == 0);
  const std::string by_group = "alice,uid:1,gid:" + std::to_string(::getegid());
  for (const std::string& list : {std::string("any"), std::string("uid:65534"), by_group}) {
    service->allowed = AllowedIdentities::parse(list).value();
    CHECK(allows(*service, &nobody));
  }
  service->allowed = AllowedIdentities::parse("alice,uid:65533").value();
  CHECK_FALSE(allows(*service, &nobody));
}

}  // namespace hotline::server::allowed_callers_test

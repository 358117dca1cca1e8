#include "server/allowed_users.h"

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

namespace hotline::server::allowed_users_test {
namespace {

constexpr unsigned kNobody = 65534;

void ignore_stream(Stream&) {}
Reply ignore_message(const Message&) { return {}; }

Handler guarded() { return Handler(ignore_stream).also(ignore_message).only_owner(); }
Handler open_to_all() { return Handler(ignore_stream).also(ignore_message); }

Result<Service> decided(const std::string& uri, Handler handler) {
  Service service;
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint);
  service.name = "guarded";
  service.wanted = *endpoint;
  service.handler = std::move(handler);
  service.socket = *SocketOptions::take_from(taker);
  if (auto taken = take_allowed_users(taker, service); !taken) return fail(taken.error());
  CHECK(taker.finish());
  return service;
}

/// Returns which users are allowed and the mode of a path: `owner 600`.
std::string decision(const std::string& uri, Handler handler) {
  const auto service = decided(uri, std::move(handler));
  if (!service) return "<" + service.error().message() + ">";
  std::string text = service->is_only_owner ? "owner" : "any";
  if (service->socket.mode == 0600) text += " 600";
  if (service->socket.mode == 0660) text += " 660";
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
  CHECK(decision("unix:///x?allow=any", guarded()) == "any");
  CHECK(decision("tcp://127.0.0.1:0", guarded()) == "any");
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
  const std::string name = "unix:@allowed-users-mode-" + std::to_string(::getpid());
  for (const std::string& uri : {name + "?mode=600", std::string("tcp://127.0.0.1:0?mode=600")}) {
    CAPTURE(uri);
    auto service = decided(uri, guarded());
    REQUIRE(service);
    CHECK(test::kind_of(bind_service(*service, {}, 0)) == "invalid_argument");
  }
}

TEST_CASE("an option without a meaning is refused") {
  for (const char* uri : {"unix:@x?allow=", "unix:@x?allow=root", "unix:@x?allow=any&allow=any",
                          "tcp://127.0.0.1:0?allow=owner", "udp://127.0.0.1:0?allow=any"}) {
    CAPTURE(uri);
    const auto service = decided(uri, guarded());
    REQUIRE_FALSE(service);
    CHECK(service.error().kind == ErrorKind::invalid_argument);
  }
}

TEST_CASE("a path gets its mode whatever the umask") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  const mode_t before = ::umask(0);
  auto service = decided("unix://" + path, guarded());
  REQUIRE(service);
  CHECK(bind_service(*service, {}, 0));
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a service for its owner is not bound to a name for datagrams") {
  const std::string name = "unixgram:@allowed-users-" + std::to_string(::getpid());
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
    auto service = decided("unix:@allowed-users-own-" + std::to_string(::getpid()), guarded());
    REQUIRE(service);
    REQUIRE(bind_service(*service, {}, 0));
    const auto call = connect(service->bound);
    REQUIRE(call);
    const auto accepted = service->listeners.front().accept();
    REQUIRE(accepted);
    CHECK(check_user(*service, *accepted));
  });
}

TEST_CASE("another user may not call, and is named") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can be another user");
    return;
  }
  auto service = decided("unix:@allowed-users-other-" + std::to_string(::getpid()), guarded());
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
  const auto checked = check_user(*service, *accepted);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind == ErrorKind::permission_denied);
  CHECK(checked.error().message().find("its user is 65534") != std::string::npos);
  int status = 0;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(status == 0);
  service->is_only_owner = false;
  CHECK(check_user(*service, *accepted));
}

}  // namespace hotline::server::allowed_users_test

#include <initializer_list>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "support/on_each_word.h"
#include "support/sockets.h"

// CallCount::one at a service whose callers have to authenticate, under every word.

namespace hotline::server::first_call_test {
namespace {

void echo(Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(*bytes)) return;
  }
}

/// Knows each caller by its first four bytes, and none of "eve!".
Result<Identity> ask_name(Stream& call) {
  std::string name(4, '\0');
  const auto read = call.read_exact(std::as_writable_bytes(std::span(name)));
  if (!read) return fail(read.error());
  if (name != "eve!") return Identity{name};
  return fail(make_error(ErrorKind::permission_denied, "authenticate", {}, "no such user"));
}

/// A server of one call, whose list allows mary and anne.
class Once {
 public:
  Once(ServerOptions options, const std::string& framing)
      : server_(prepared(options), "tcp://127.0.0.1:0?allow=mary,anne" + framing, handler()) {}

  UniqueFd call() const { return test::connect_tcp(server_.port()); }

  /// Calls as `name`, and waits for the reset that it sees.
  void refuse(const std::string& name) const {
    const UniqueFd caller = call();
    test::send_text(caller.get(), name);
    CHECK(test::is_reset(caller.get()));
  }

  /// Returns true if a caller of that name gets a reply. The server may have closed its listener.
  bool serves(const std::string& name) const {
    auto caller = connect(server_.endpoint());
    return caller && caller->write_all(as_bytes(name + "hello\n")) && caller->receive();
  }

  static void talk(const UniqueFd& caller) {
    test::send_text(caller.get(), "hello\n");
    CHECK(test::receive_text(caller.get(), 6) == "hello\n");
  }

  test::CollectingLog& log() { return log_; }
  DrainReport wait() { return server_.wait(); }

 private:
  static Handler handler() {
    const auto echo_message = [](const Message& message) { return Reply::in_place(message); };
    return Handler(echo).also(echo_message).authenticate(ask_name);
  }
  ServerOptions& prepared(ServerOptions& options) {
    options.log = &log_;
    options.calls = CallCount::one;
    return options;
  }

  test::CollectingLog log_;
  test::RunningServer server_;
};

// Where another caller is served beside the one.
constexpr std::initializer_list<const char*> kConcurrent = {"threads:4", "processes:4", "loops:1",
                                                            "loops:2"};

}  // namespace

TEST_CASE("callers that do not authenticate, or may not call, are not the one call") {
  test::on_each_word([](const ServerOptions& options) {
    for (const char* framing : {"", "&framing=lines"}) {
      Once server(options, framing);
      server.refuse("eve!");
      server.call().reset();
      server.refuse("paul");
      UniqueFd caller = server.call();
      test::send_text(caller.get(), "mary");
      Once::talk(caller);
      caller.reset();
      CHECK(server.wait().cut == 0);
    }
  });
}

TEST_CASE("a caller that authenticates while the one call goes on is not served") {
  test::on_each_word(
      [](const ServerOptions& options) {
        Once server(options, "");
        const UniqueFd late = server.call();
        UniqueFd first = server.call();
        server.log().wait_for("call began", 2);
        test::send_text(first.get(), "mary");
        Once::talk(first);
        test::send_text(late.get(), "anne");
        CHECK(test::is_reset(late.get()));
        Once::talk(first);
        first.reset();
        server.wait();
      },
      kConcurrent);
}

TEST_CASE("a caller that comes while the one call goes on is not served") {
  test::on_each_word(
      [](const ServerOptions& options) {
        Once server(options, "");
        UniqueFd first = server.call();
        test::send_text(first.get(), "mary");
        Once::talk(first);
        CHECK_FALSE(server.serves("anne"));
        Once::talk(first);
        first.reset();
        server.wait();
      },
      kConcurrent);
}

}  // namespace hotline::server::first_call_test

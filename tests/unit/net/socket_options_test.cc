#include "hotline/net/socket_options.h"

#include <doctest/doctest.h>

#include "net/socket_option_row.h"
#include "support/loops.h"

namespace hotline::socket_options_test {
namespace {

Result<SocketOptions> options_of(const std::string& query, const SocketOptions& defaults = {}) {
  const auto endpoint = Endpoint::parse("unix:@x?" + query);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint);
  auto options = SocketOptions::take_from(taker, defaults);
  if (!options) return options;
  if (auto finished = taker.finish(); !finished) return fail(finished.error());
  return options;
}

}  // namespace

TEST_CASE("a socket's options have defaults and are taken from an endpoint") {
  const auto defaults = options_of("nodelay=on");
  REQUIRE(defaults);
  CHECK_FALSE(defaults->backlog);
  CHECK_FALSE(defaults->receive_max);
  CHECK_FALSE(defaults->mode);
  const auto options = options_of("backlog=5&receive=1KiB&mode=0660");
  REQUIRE(options);
  CHECK(options->backlog == 5);
  CHECK(options->receive_max == 1024U);
  CHECK(options->mode == 0660U);
  CHECK(*defaults == SocketOptions{.nodelay = true});
}

TEST_CASE("what a socket is tuned with is taken from an endpoint") {
  const auto options = options_of(
      "nodelay=off&send-buffer=64KiB&receive-buffer=4KiB&v6only=on&source=[2001:db8::1]");
  REQUIRE(options);
  CHECK(*options == SocketOptions{.nodelay = false,
                                  .send_buffer_bytes = 65536,
                                  .receive_buffer_bytes = 4096,
                                  .v6_only = true,
                                  .source = "2001:db8::1"});
  CHECK(options_of("source=192.0.2.1")->source == "192.0.2.1");
  CHECK(options_of("source=fe80::1%1")->source == "fe80::1%1");
}

TEST_CASE("options that are not given stay as they were") {
  const SocketOptions defaults{.backlog = 3, .receive_max = 9, .nodelay = true, .v6_only = false};
  CHECK(options_of("mode=600", defaults).value() ==
        SocketOptions{
            .backlog = 3, .receive_max = 9, .mode = 0600, .nodelay = true, .v6_only = false});
}

TEST_CASE("an option is refused where the socket has no such thing, and nowhere else") {
  struct Form {
    SocketOptions options;
    std::string_view fits;  ///< Those of the endpoints below that take it.
  };
  const std::pair<std::string_view, std::pair<const char*, Side>> endpoints[] = {
      {"a", {"tcp://127.0.0.1:1", Side::server}}, {"b", {"tcp://[::1]:1", Side::server}},
      {"c", {"tcp://:1", Side::server}},          {"d", {"tcp://127.0.0.1:1", Side::client}},
      {"e", {"udp://[::1]:1", Side::server}},     {"f", {"udp://127.0.0.1:1", Side::client}},
      {"g", {"unix:///tmp/x", Side::server}},     {"h", {"unix:@x", Side::server}},
      {"i", {"unix:///tmp/x", Side::client}},     {"j", {"unixgram:///tmp/x", Side::server}},
      {"k", {"unixgram:///tmp/x", Side::client}}, {"l", {"fd:3", Side::server}}};
  for (const Form& form :
       {Form{{.backlog = 1}, "abcghl"}, Form{{.receive_max = 1}, "abcdghil"},
        Form{{.send_buffer_bytes = 4096}, "abcdefghijkl"}, Form{{.mode = 0600}, "gj"},
        Form{{.nodelay = true}, "abcdl"}, Form{{.nodelay = false}, "abcdl"},
        Form{{.receive_buffer_bytes = 4096}, "abcdefl"}, Form{{.v6_only = true}, "bce"},
        Form{{.v6_only = false}, "bce"}, Form{{.source = "127.0.0.1"}, "df"}}) {
    for (const auto& [letter, where] : endpoints) {
      const auto endpoint = Endpoint::parse(where.first);
      REQUIRE(endpoint);
      CAPTURE(where.first);
      CAPTURE(form.fits);
      const auto checked = net::check_fit(*endpoint, form.options, where.second, "try");
      CHECK(checked.has_value() == form.fits.contains(letter));
      if (checked) continue;
      CHECK(checked.error().kind == ErrorKind::invalid_argument);
      CHECK(checked.error().detail.starts_with("the option '"));
      CHECK_FALSE(checked.error().hint().empty());
    }
  }
}

TEST_CASE("every option has a name, a form and a summary of one line") {
  for (const Choice& choice : socket_option_names()) {
    CAPTURE(choice.name);
    CHECK(choice.form.starts_with(std::string(choice.name) + "="));
    CHECK_FALSE(choice.summary.empty());
    CHECK_FALSE(choice.summary.contains('\n'));
    CHECK(test::kind_of(options_of(std::string(choice.name) + "=?")) == "invalid_argument");
  }
}

TEST_CASE("a socket's options out of their bounds are refused") {
  for (const std::string query : {"backlog=0",
                                  "backlog=65536",
                                  "receive=0",
                                  "receive=17MiB",
                                  "mode=",
                                  "mode=8",
                                  "mode=1777",
                                  "mode=-1",
                                  "mode=rw",
                                  "mode=600x",
                                  "other=1",
                                  "nodelay=1",
                                  "nodelay=",
                                  "v6only=yes",
                                  "send-buffer=4095",
                                  "send-buffer=2GiB",
                                  "receive-buffer=0",
                                  "source=",
                                  "source=localhost",
                                  "source=127.0.0.1:80",
                                  "source=[::1]:80",
                                  "source=1.2.3",
                                  "source=unix:@x"}) {
    CAPTURE(query);
    const auto options = options_of(query);
    CHECK(test::kind_of(options) == "invalid_argument");
    if (options) continue;
    CHECK_FALSE(options.error().hint().empty());
    CHECK(options.error().endpoint == "unix:@x");
  }
}

TEST_CASE("the hint for a wrong value names the accepted ones") {
  const auto hint_for = [](const std::string& query) { return options_of(query).error().hint(); };
  CHECK(hint_for("backlog=0") == "write backlog=N with N from 1 to 65535");
  CHECK(hint_for("send-buffer=1") ==
        "write send-buffer=N with N from 4096 to 1073741824, such as 64KiB");
  CHECK(hint_for("mode=9") == "write mode=N with N from 0 to 777 in octal, such as mode=600");
  CHECK(hint_for("nodelay=1") == "write nodelay=on or nodelay=off");
}

TEST_CASE("the error for an unknown option of a socket lists the known ones") {
  const auto options = options_of("blacklog=1");
  REQUIRE_FALSE(options);
  CHECK(options.error().hint() ==
        "did you mean 'backlog'? the options are backlog, receive, mode, nodelay, send-buffer, "
        "receive-buffer, v6only and source");
}

}  // namespace hotline::socket_options_test

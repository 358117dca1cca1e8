#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "hotline/engine/directory.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/file_client.h"
#include "hotline/services/file_user_list.h"
#include "hotline/services/files.h"
#include "hotline/sim/world.h"
#include "support/tls_options.h"

// What strangers learn from a server of files, and what it costs the server: T35. The work
// is counted, not timed: in a world each step of the programs is a line of the trace.

namespace hotline::services::file_strangers_test {
namespace {

/// A caller, and what it presents.
struct Stranger {
  std::string name{};
  char key = 'k';
};

struct Refusal {
  std::string text{};
  std::optional<FileError> answer{};
  std::vector<std::string> work{};  ///< The steps of all programs.
};

/// Names that begin with `u` are unknown.
TlsOptions keys() {
  TlsOptions options;
  options.accepted = [](std::string_view identity) -> std::optional<Psk> {
    if (identity.starts_with("id:u")) return std::nullopt;
    return test::key_of(std::string(identity.substr(3)));
  };
  return options;
}

void serve() {
  const auto top = Directory::open("/");
  REQUIRE(top->make_directory("srv", 0700));
  auto users = FileUserList::open("/srv");
  REQUIRE(users->add("alice", {}));
  REQUIRE(users->add("disabled", {.is_disabled = true}));
  ServerOptions options;
  options.signals = SignalUse::drain;
  options.tls = keys();
  Server server(options);
  REQUIRE(server.add("tls://:8000", *files_handler({.root = "/srv"})));
  REQUIRE(server.bind());
  REQUIRE(server.run());
}

void call(const Stranger& stranger, Refusal& refusal) {
  ConnectOptions options;
  options.tls = test::presenting(stranger.name, stranger.key);
  auto connected = connect("tls://server:8000", options);
  if (!connected) {
    refusal.text = connected.error().message();
    return;
  }
  auto client = FileClient::open(std::move(*connected));
  REQUIRE(client);
  const auto quota = client->quota();
  REQUIRE_FALSE(quota);
  refusal.text = quota.error().message();
  refusal.answer = quota.error().answer;
}

Refusal refusal_of(const Stranger& stranger) {
  Refusal refusal;
  sim::WorldOptions options;
  options.trace = [&](std::string_view line) { refusal.work.emplace_back(line); };
  sim::World world(1, options);
  world.host("server").run(serve);
  world.at(std::chrono::seconds(9),
           [&] { world.host("caller").run([&] { call(stranger, refusal); }); });
  world.at(std::chrono::minutes(1), [&] { world.host("server").signal(SIGTERM); });
  CHECK(world.run().to_string() == "");
  return refusal;
}

void check_same(const Refusal& one, const Refusal& other) {
  CHECK(one.text == other.text);
  CHECK(one.answer == other.answer);
  CHECK(one.work.size() > 10);
  CHECK(one.work == other.work);
}

}  // namespace

TEST_CASE("T35: an unknown key and a wrong one get one text, for the same work") {
  const Refusal wrong = refusal_of({"alice", 'x'});
  CHECK_FALSE(wrong.answer);
  check_same(wrong, refusal_of({"ulice"}));
  check_same(wrong, refusal_of({"ulice", 'x'}));
}

TEST_CASE("T35: an unknown user and a disabled one get one answer, for the same work") {
  const Refusal disabled = refusal_of({"disabled"});
  REQUIRE(disabled.answer);
  CHECK(disabled.answer->code == FileErrorCode::not_permitted);
  check_same(disabled, refusal_of({"notthere"}));
}

}  // namespace hotline::services::file_strangers_test

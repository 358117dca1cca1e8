#include "server/confined_services.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/core/log.h"
#include "support/launched.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::confined_services_test {
namespace {

using server::ServerState;
using server::Service;
using test::must;

/// Keeps what is logged.
struct Kept final : LogSink {
  void write(const LogRecord& record) noexcept override {
    text += std::string(name_of(record.level)) + ' ' + std::string(record.message) + ": " +
            record.detail + '\n';
  }
  bool wants(LogLevel) const noexcept override { return true; }

  std::string text;
};

Handler talk() {
  return [](Stream&) {};
}

Service service_at(const std::string& uri, Handler handler, const std::string& name = "files") {
  return std::move(server::make_service(
                       uri, [&](OptionTaker&) { return std::move(handler); }, name)
                       .value());
}

bool has(const std::vector<UsablePath>& paths, const std::string& path, PathUse use) {
  return std::ranges::find(paths, UsablePath{path, use}) != paths.end();
}

bool is_open(const std::string& path) {
  return static_cast<bool>(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

}  // namespace

TEST_CASE("a service uses what its handler, its secret, its certificates and its path need") {
  const test::TemporaryDirectory folder;
  std::ofstream(folder.file("secret")) << "secret";
  REQUIRE(::chmod(folder.file("secret").c_str(), 0600) == 0);
  ServerState state{{.signals = SignalUse::drain}};
  state.options.confinement.usable = {{"/keys", PathUse::read}};
  Handler handler = talk();
  handler.stays_within({{"/root", PathUse::keep}}).stays_within({{"/log", PathUse::append}});
  std::vector<Service> services;
  services.push_back(service_at(
      "unix://" + folder.file("s") + "?auth=hmac-sha256&secret-file=" + folder.file("secret"),
      handler));
  services.front().bound = services.front().wanted;
  services.push_back(service_at("tls://127.0.0.1:0?cert=/c&key=/k&ca=/r", talk()));
  const auto paths = server::paths_used_by(state, services);
  for (const std::string path : {"/keys", "/c", "/k", "/r"}) {
    CHECK(has(paths, path, PathUse::read));
  }
  CHECK(has(paths, "/dev/tty", PathUse::device));
  CHECK(has(paths, folder.file("secret"), PathUse::read));
  CHECK(has(paths, "/root", PathUse::keep));
  CHECK(has(paths, "/log", PathUse::append));
  CHECK(has(paths, folder.file("s"), PathUse::remove));
  CHECK(paths.size() == 9);
}

TEST_CASE("services that stay within their files are confined to them") {
  const test::TemporaryDirectory folder;
  const auto report = test::in_child_process([&] {
    Kept log;
    ServerState state({.log = &log});
    state.options.confinement.confine = Confine::if_possible;
    std::vector<Service> services;
    services.push_back(
        service_at("tcp://127.0.0.1:0", talk().stays_within({{folder.path(), PathUse::keep}})));
    const auto walls = server::confine_services(state, services, EngineKind::epoll);
    must(walls.has_value(), "it failed");
    must(is_open(folder.path()), "the directory is closed");
    must(is_open("/etc/passwd") == (walls->landlock == 0), "the wall is not as it is said");
    const bool is_whole = walls->landlock > 0 && walls->has_call_filter;
    must(log.text.starts_with(is_whole ? "debug the program is confined: Landlock" : "warning "),
         log.text);
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("beside a service that may need anything none is confined, and the log says so") {
  Kept log;
  ServerState state({.log = &log});
  state.options.confinement.confine = Confine::if_possible;
  std::vector<Service> services;
  services.push_back(service_at("tcp://127.0.0.1:0", talk().stays_within({})));
  services.push_back(service_at("tcp://127.0.0.1:0", talk(), "command"));
  const auto walls = server::confine_services(state, services, EngineKind::epoll);
  REQUIRE(walls);
  CHECK(walls->landlock == 0);
  CHECK_FALSE(walls->has_call_filter);
  CHECK(walls->gap.find("'command'") != std::string::npos);
  CHECK(log.text.starts_with("warning the program is not confined as it could be: 'command'"));
  CHECK(is_open("/etc/passwd"));
}

TEST_CASE("where nothing could be confined, nothing is said") {
  Kept log;
  ServerState state({.log = &log});
  state.options.confinement.confine = Confine::if_possible;
  std::vector<Service> services;
  services.push_back(service_at("tcp://127.0.0.1:0", talk(), "upper"));
  const auto walls = server::confine_services(state, services, EngineKind::epoll);
  REQUIRE(walls);
  CHECK(walls->gap == "");
  CHECK(log.text == "");
}

TEST_CASE("if it is required, a service that may need anything is refused, and nothing is done") {
  ServerState state({});
  state.options.confinement.confine = Confine::required;
  std::vector<Service> services;
  services.push_back(service_at("tcp://127.0.0.1:0", talk(), "upper"));
  const auto walls = server::confine_services(state, services, EngineKind::epoll);
  REQUIRE_FALSE(walls);
  CHECK(walls.error().kind == ErrorKind::invalid_argument);
  CHECK(walls.error().message().find("'upper'") != std::string::npos);
  CHECK(is_open("/etc/passwd"));
}

TEST_CASE("if it is required, a wall that is missing is an error") {
  const auto report = test::in_child_process([] {
    ServerState state({});
    state.options.confinement.confine = Confine::required;
    std::vector<Service> services;
    services.push_back(
        service_at("tcp://127.0.0.1:0", talk().stays_within({{"/no/such/root", PathUse::keep}})));
    const auto walls = server::confine_services(state, services, EngineKind::epoll);
    must(!walls && walls.error().kind == ErrorKind::unsupported, "there is no error");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

TEST_CASE("unless it is wanted, nothing is confined") {
  ServerState state({});
  std::vector<Service> services;
  services.push_back(service_at("tcp://127.0.0.1:0", talk().stays_within({})));
  const auto walls = server::confine_services(state, services, EngineKind::epoll);
  REQUIRE(walls);
  CHECK(walls->landlock == 0);
  CHECK(is_open("/etc/passwd"));
}

}  // namespace hotline::confined_services_test

#include "net/bound_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "net/address.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::net::bound_path_test {
namespace {

Endpoint at(const std::string& path, const char* scheme = "unix") {
  const auto endpoint = Endpoint::parse(scheme + ("://" + path));
  REQUIRE(endpoint);
  return *endpoint;
}

UniqueFd bound_socket(const std::string& path, int type = SOCK_STREAM) {
  UniqueFd fd(engine::Engine::current().open_socket(AF_UNIX, type));
  REQUIRE(engine::Engine::current().bind(fd.get(), unix_address(path, false)) == 0);
  return fd;
}

Result<void> clear(const std::string& path) { return clear_stale_path(at(path)); }

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

TEST_CASE("a bound path is removed once when its owner is destroyed, and moves with it") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  const UniqueFd socket = bound_socket(path);
  {
    auto bound = BoundPath::adopt(at(path), {});
    REQUIRE(bound);
    BoundPath moved(std::move(*bound));
    BoundPath assigned;
    assigned = std::move(moved);
    CHECK(exists(path));
    assigned.remove();
    CHECK_FALSE(exists(path));
    std::ofstream(path) << "somebody else's";
    assigned.remove();
  }
  CHECK(exists(path));
}

TEST_CASE("a path that something else has replaced is not removed") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  const UniqueFd socket = bound_socket(path);
  {
    const auto bound = BoundPath::adopt(at(path), {});
    REQUIRE(bound);
    REQUIRE(::rename(path.c_str(), directory.file("moved").c_str()) == 0);
    const UniqueFd other = bound_socket(path);
  }
  CHECK(exists(path));
}

TEST_CASE("adopting sets the permission bits, and fails where there is no path") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("s");
  const UniqueFd socket = bound_socket(path);
  const auto bound = BoundPath::adopt(at(path), 0600U);
  REQUIRE(bound);
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(test::kind_of(BoundPath::adopt(at(directory.file("none")), {})) == "not_found");
}

TEST_CASE("an abandoned socket is removed, for streams and for datagrams") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const std::string path = directory.file("s");
      bound_socket(path, type).reset();
      CHECK(clear(path));
      CHECK_FALSE(exists(path));
      CHECK(clear(path));
    }
  });
}

TEST_CASE("a socket that is bound and does not listen yet does not count as abandoned") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
      CAPTURE(type);
      const std::string path = directory.file("s");
      UniqueFd bound(::socket(AF_UNIX, type, 0));
      REQUIRE(engine::Engine::current().bind(bound.get(), unix_address(path, false)) == 0);
      CHECK(test::kind_of(clear(path)) == "address_in_use");
      CHECK(exists(path));
      bound.reset();
      CHECK(clear(path));
    }
  });
}

TEST_CASE("the check whether a server is alive does not connect to it") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    const std::string path = directory.file("s");
    const UniqueFd listening = bound_socket(path);
    REQUIRE(::listen(listening.get(), 1) == 0);
    for (int i = 0; i < 5; ++i) CHECK_FALSE(clear(path));
    CHECK(::accept4(listening.get(), nullptr, nullptr, SOCK_NONBLOCK) == -1);
    CHECK(errno == EAGAIN);
    REQUIRE(::unlink(path.c_str()) == 0);
  });
}

TEST_CASE("only one program at a time may check a path and bind it") {
  const test::TemporaryDirectory directory;
  const Endpoint where = at(directory.file("s"));
  for (int i = 0; i < 2; ++i) {
    const auto lock = PathLock::take(where);
    REQUIRE(lock);
    const auto other = PathLock::take(where);
    REQUIRE_FALSE(other);
    CHECK(other.error().kind == ErrorKind::address_in_use);
    CHECK(other.error().native_code == EADDRINUSE);
    CHECK(PathLock::take(at(directory.file("t"))));
  }
  CHECK_FALSE(exists(directory.file("s.lock")));
}

TEST_CASE("a lock that a killed program left excludes no program, and a failed lock is reported") {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("s.lock")) << "";
  CHECK(PathLock::take(at(directory.file("s"))));
  CHECK_FALSE(exists(directory.file("s.lock")));
  CHECK(test::kind_of(PathLock::take(at(directory.file("none/s")))) == "not_found");
  REQUIRE(::symlink("elsewhere", directory.file("l.lock").c_str()) == 0);
  const auto refused = PathLock::take(at(directory.file("l")));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().hint().find("l.lock") != std::string::npos);
  CHECK_FALSE(exists(directory.file("elsewhere")));
}

TEST_CASE("a socket that a process has bound or listens on is not removed") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    const std::string path = directory.file("s");
    UniqueFd listening = bound_socket(path);
    REQUIRE(::listen(listening.get(), 1) == 0);
    CHECK(test::kind_of(clear(path)) == "address_in_use");
    listening.reset();
    REQUIRE(::unlink(path.c_str()) == 0);
    const UniqueFd datagrams = bound_socket(path, SOCK_DGRAM);
    CHECK(test::kind_of(clear(path)) == "address_in_use");
    CHECK(exists(path));
    REQUIRE(::unlink(path.c_str()) == 0);
  });
}

TEST_CASE("a file that is not a socket is not removed") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("f");
  std::ofstream(path) << "text";
  CHECK(test::kind_of(clear(path)) == "address_in_use");
  CHECK(test::kind_of(clear(directory.path())) == "address_in_use");
  CHECK(exists(path));
}

}  // namespace hotline::net::bound_path_test

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

namespace hotline::net {
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

Result<void> clear(const std::string& path, int type = SOCK_STREAM) {
  return clear_stale_path(at(path), unix_address(path, false), type);
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

TEST_CASE("a bound path is removed when its owner goes, once, and moves with it") {
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

TEST_CASE("a path that something else stands at by now is left alone") {
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

TEST_CASE("an abandoned socket is cleared away, for streams and for datagrams") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const std::string path = directory.file("s");
      bound_socket(path, type).reset();
      CHECK(clear(path, type));
      CHECK_FALSE(exists(path));
      CHECK(clear(path, type));
    }
  });
}

TEST_CASE("a socket that somebody has bound or listens on is not cleared away") {
  const test::TemporaryDirectory directory;
  test::on_each_engine([&] {
    const std::string path = directory.file("s");
    UniqueFd listening = bound_socket(path);
    REQUIRE(::listen(listening.get(), 1) == 0);
    CHECK(test::kind_of(clear(path)) == "address_in_use");
    CHECK(test::kind_of(clear(path, SOCK_DGRAM)) == "address_in_use");
    listening.reset();
    REQUIRE(::unlink(path.c_str()) == 0);
    const UniqueFd datagrams = bound_socket(path, SOCK_DGRAM);
    CHECK(test::kind_of(clear(path, SOCK_DGRAM)) == "address_in_use");
    CHECK(test::kind_of(clear(path)) == "address_in_use");
    CHECK(exists(path));
    REQUIRE(::unlink(path.c_str()) == 0);
  });
}

TEST_CASE("what is no socket is not cleared away") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("f");
  std::ofstream(path) << "text";
  CHECK(test::kind_of(clear(path)) == "address_in_use");
  CHECK(test::kind_of(clear(directory.path())) == "address_in_use");
  CHECK(exists(path));
}

}  // namespace hotline::net

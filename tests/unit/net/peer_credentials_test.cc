#include "hotline/net/peer_credentials.h"

#include <unistd.h>

#include <string>

#include <doctest/doctest.h>

#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "hotline/net/stream.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::peer_credentials_test {

TEST_CASE("a UNIX stream reports the peer's credentials, others do not") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    auto listener = listen("unix://" + directory.file("s"));
    REQUIRE(listener);
    const auto caller = connect("unix://" + directory.file("s"));
    REQUIRE(caller);
    const auto call = listener->accept();
    REQUIRE(call);
    const auto credentials = call->peer_credentials();
    REQUIRE(credentials);
    CHECK(credentials->uid == ::getuid());
    CHECK(credentials->gid == ::getgid());
    CHECK(credentials->pid == ::getpid());
  });
}

TEST_CASE("a TCP stream does not report credentials") {
  test::on_each_engine([] {
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    const auto caller = connect(listener->endpoint().to_uri());
    REQUIRE(caller);
    CHECK(test::kind_of(caller->peer_credentials()) == "unsupported");
  });
}

}  // namespace hotline::peer_credentials_test

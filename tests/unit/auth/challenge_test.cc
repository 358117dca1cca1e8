#include "hotline/auth/challenge.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "hotline/net/option_taker.h"
#include "support/exchanged.h"
#include "support/loops.h"
#include "support/no_algorithms.h"
#include "support/temporary_directory.h"

namespace hotline::challenge_test {
namespace {

using Scheme = Challenge::Scheme;

/// Takes the options of an endpoint, with FILE in place of a file that has `content`.
struct Taken {
  explicit Taken(std::string options, std::string_view content = "secret\n", mode_t mode = 0600) {
    const std::string path = directory.file("key");
    std::ofstream(path) << content;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    if (const std::size_t at = options.find("FILE"); at != options.npos) {
      options.replace(at, 4, path);
    }
    const auto endpoint = Endpoint::parse("tcp://127.0.0.1:8000?" + options);
    REQUIRE(endpoint);
    OptionTaker taker(*endpoint);
    challenge = Challenge::take_from(taker);
    finished = taker.finish();
  }

  std::string problem() const { return challenge ? "" : challenge.error().message(); }
  std::string hint() const { return challenge ? "" : challenge.error().hint(); }
  std::string secret() const {
    REQUIRE(challenge);
    REQUIRE(*challenge);
    return std::string(as_text((*challenge)->secret.bytes()));
  }

  test::TemporaryDirectory directory;
  Result<std::optional<Challenge>> challenge;
  Result<void> finished;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE("every scheme has a name, and auth= takes it") {
  for (const Choice& choice : challenge_names()) {
    const Taken taken("auth=" + std::string(choice.name) + "&secret-file=FILE");
    REQUIRE(taken.challenge);
    CHECK(name_of((*taken.challenge)->scheme) == choice.name);
    CHECK(taken.finished);
  }
  CHECK(name_of(Scheme::hmac_md5) == "hmac-md5");
  CHECK(name_of(Scheme::hmac_sha256) == "hmac-sha256");
  CHECK(name_of(Scheme::mp) == "mp");
}

TEST_CASE("without the options there is no challenge") {
  const Taken taken("backlog=1");
  REQUIRE(taken.challenge);
  CHECK_FALSE(*taken.challenge);
}

TEST_CASE("exactly one newline at the end of the file does not belong to the secret") {
  const auto secret_of = [](std::string_view content) {
    return Taken("auth=hmac-md5&secret-file=FILE", content).secret();
  };
  CHECK(secret_of("secret") == "secret");
  CHECK(secret_of("secret\n") == "secret");
  CHECK(secret_of("secret\n\n") == "secret\n");
  CHECK(secret_of("secret\r\n") == "secret\r");
  CHECK(secret_of("\nsecret ") == "\nsecret ");
  CHECK(secret_of(std::string_view("\0\n", 2)) == std::string(1, '\0'));
}

TEST_CASE("an empty secret is refused") {
  for (const char* content : {"", "\n"}) {
    const Taken taken("auth=hmac-md5&secret-file=FILE", content);
    CHECK(has(taken.problem(), "is empty"));
    CHECK(has(taken.hint(), "write a secret into it"));
  }
}

TEST_CASE("a secret that other users may read is refused, with what to do") {
  const Taken taken("auth=hmac-md5&secret-file=FILE", "secret", 0644);
  REQUIRE_FALSE(taken.challenge);
  CHECK(taken.challenge.error().kind == ErrorKind::invalid_argument);
  CHECK(has(taken.hint(), "chmod 600"));
}

TEST_CASE("a secret may have 4096 bytes with its newline and no more") {
  CHECK(Taken("auth=mp&secret-file=FILE", std::string(4096, 'x')).secret().size() == 4096);
  const Taken taken("auth=mp&secret-file=FILE", std::string(4097, 'x'));
  REQUIRE_FALSE(taken.challenge);
  CHECK(taken.challenge.error().kind == ErrorKind::invalid_argument);
}

TEST_CASE("a file that does not exist is named") {
  const Taken taken("auth=hmac-md5&secret-file=/nowhere/key");
  REQUIRE_FALSE(taken.challenge);
  CHECK(taken.challenge.error().kind == ErrorKind::invalid_argument);
  CHECK(has(taken.hint(), "check the path; this makes a secret: "));
  CHECK(has(taken.problem(), "/nowhere/key"));
}

TEST_CASE("an unknown scheme is refused with the names of all, with a secret and without") {
  for (const char* options : {"auth=none&secret-file=FILE", "auth=none", "auth="}) {
    const Taken taken(options);
    CHECK(has(taken.problem(), "there is no authentication"));
    CHECK(taken.hint() == "the authentications are hmac-md5, hmac-sha256 and mp");
  }
}

TEST_CASE("either option without the other is refused") {
  CHECK(has(Taken("auth=hmac-md5").problem(), "needs a secret"));
  CHECK(has(Taken("auth=hmac-md5").hint(), "secret-file=PATH"));
  CHECK(has(Taken("secret-file=FILE").problem(), "is for an authentication"));
}

TEST_CASE("an option that is given twice is refused") {
  CHECK(has(Taken("auth=mp&auth=mp&secret-file=FILE").problem(), "given twice"));
  CHECK(has(Taken("auth=mp&secret-file=FILE&secret-file=x").problem(), "given twice"));
}

TEST_CASE("both sides of every scheme agree with one secret and disagree with two") {
  for (const Choice& choice : challenge_names()) {
    CAPTURE(choice.name);
    const Taken taken("auth=" + std::string(choice.name) + "&secret-file=FILE");
    REQUIRE(taken.challenge);
    const Challenge challenge = **taken.challenge;
    for (const bool is_same : {true, false}) {
      const Challenge other{challenge.scheme,
                            is_same ? challenge.secret : Secret(as_bytes("other"))};
      Result<void> answered;
      test::ScriptedCall call([&](int peer) {
        auto server = Stream::adopt(UniqueFd(::dup(peer)));
        answered = other.answer(*server);
        ::shutdown(peer, SHUT_RDWR);
      });
      CHECK(challenge.check_caller(call.stream()).has_value() == is_same);
    }
  }
}

TEST_CASE("a digest that OpenSSL forbids is refused when the options are read") {
  const test::NoAlgorithms forbidden;
  for (const Choice& choice : challenge_names()) {
    const Taken taken("auth=" + std::string(choice.name) + "&secret-file=FILE");
    CHECK(has(taken.problem(), "OpenSSL has no "));
    CHECK(taken.hint() == "its configuration may forbid it: use another auth=");
  }
}

}  // namespace
}  // namespace hotline::challenge_test

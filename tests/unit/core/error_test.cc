#include "hotline/core/error.h"

#include <cerrno>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "hotline/core/result.h"

namespace hotline::error_test {
namespace {

constexpr int kKindCount = static_cast<int>(ErrorKind::system) + 1;

struct Mapping {
  int native_code;
  ErrorKind kind;
};

constexpr Mapping kMappings[] = {
    {0, ErrorKind::system},
    {ECONNRESET, ErrorKind::reset},
    {EPIPE, ErrorKind::reset},
    {ECONNABORTED, ErrorKind::reset},
    {ENOTCONN, ErrorKind::reset},
    {ETIMEDOUT, ErrorKind::unresponsive},
    {ECANCELED, ErrorKind::cancelled},
    {ECONNREFUSED, ErrorKind::refused},
    {ENETUNREACH, ErrorKind::unreachable},
    {EHOSTUNREACH, ErrorKind::unreachable},
    {ENETDOWN, ErrorKind::unreachable},
    {EHOSTDOWN, ErrorKind::unreachable},
    {EADDRINUSE, ErrorKind::address_in_use},
    {EADDRNOTAVAIL, ErrorKind::address_not_available},
    {EACCES, ErrorKind::permission_denied},
    {EPERM, ErrorKind::permission_denied},
    {ENOENT, ErrorKind::not_found},
    {ENOTDIR, ErrorKind::not_found},
    {EMFILE, ErrorKind::resource_exhausted},
    {ENFILE, ErrorKind::resource_exhausted},
    {ENOBUFS, ErrorKind::resource_exhausted},
    {ETOOMANYREFS, ErrorKind::resource_exhausted},
    {ENOMEM, ErrorKind::resource_exhausted},
    {ENOSPC, ErrorKind::resource_exhausted},
    {EINVAL, ErrorKind::invalid_argument},
    {EBADF, ErrorKind::invalid_argument},
    {ENAMETOOLONG, ErrorKind::invalid_argument},
    {EAFNOSUPPORT, ErrorKind::unsupported},
    {EPROTONOSUPPORT, ErrorKind::unsupported},
    {EOPNOTSUPP, ErrorKind::unsupported},
    {ENOSYS, ErrorKind::unsupported},
    {E2BIG, ErrorKind::too_large},
    {EMSGSIZE, ErrorKind::too_large},
};

Error error_of(ErrorKind kind) { return make_error(kind, {}, {}, {}); }

bool is_one_line(const std::string& text) { return text.find('\n') == text.npos; }

}  // namespace

TEST_CASE("every errno that matters to a caller has its kind") {
  for (const Mapping& each : kMappings) {
    CAPTURE(each.native_code);
    CHECK(kind_of_native_code(each.native_code) == each.kind);
  }
}

TEST_CASE("every other errno is a system error and keeps its number") {
  std::set<int> mapped;
  for (const Mapping& each : kMappings) mapped.insert(each.native_code);
  for (int code = 1; code <= 200; ++code) {
    if (mapped.contains(code)) continue;
    CAPTURE(code);
    CHECK(kind_of_native_code(code) == ErrorKind::system);
    CHECK(system_error(code, "try").native_code == code);
  }
  CHECK(kind_of_native_code(-1) == ErrorKind::system);
}

TEST_CASE("every kind has a name of its own, in the form of an identifier") {
  std::set<std::string_view> names;
  for (int i = 0; i < kKindCount; ++i) {
    const std::string_view name = name_of(static_cast<ErrorKind>(i));
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == name.npos);
    CHECK(name != "unknown");
    CHECK(names.insert(name).second);
  }
  CHECK(name_of(ErrorKind::timed_out) == "timed_out");
  CHECK(name_of(ErrorKind::unresponsive) == "unresponsive");
}

TEST_CASE("a message says what could not be done, where, and why") {
  CHECK(system_error(ECONNREFUSED, "connect to", "tcp://127.0.0.1:9").message() ==
        "cannot connect to tcp://127.0.0.1:9: connection refused");
  CHECK(system_error(ECONNREFUSED, "connect").message() == "cannot connect: connection refused");
  CHECK(make_error(ErrorKind::timed_out, {}, "udp://[::1]:9", {}).message() ==
        "udp://[::1]:9: timed out");
  CHECK(error_of(ErrorKind::closed).message() == "the peer closed the connection");
}

TEST_CASE("a detail replaces the text of the kind") {
  const Error error = make_error(ErrorKind::invalid_argument, "use", "x", "it is blue");
  CHECK(error.message() == "cannot use x: it is blue");
}

TEST_CASE("a system error has the system's description") {
  CHECK(system_error(EIO, "read").message() == "cannot read: Input/output error");
  CHECK(system_error(99999, "read").message() == "cannot read: system error");
}

TEST_CASE("advice is the hint; without it the kind has a general one, or none") {
  Error error = make_error(ErrorKind::refused, "connect to", {}, {});
  CHECK(error.hint() == "is the server running, and on that port?");
  error.advice = "start it";
  CHECK(error.hint() == "start it");
  CHECK(error_of(ErrorKind::closed).hint().empty());
}

TEST_CASE("a message with its hint is one line, and without a hint the message alone") {
  Error error = make_error(ErrorKind::closed, "read", "x", "it is blue");
  CHECK(error.message_with_hint() == "cannot read x: it is blue");
  error.advice = "paint it";
  CHECK(error.message_with_hint() == "cannot read x: it is blue; hint: paint it");
}

TEST_CASE("the hint of an error about a file is about its path, not about a server") {
  CHECK(file_error(ENOENT, "read", "x").message() == "cannot read x: not found");
  CHECK(file_error(ENOENT, "read", "x").hint() == "check the path");
  CHECK(file_error(ENOTDIR, "read", "x").hint() == "check the path");
  CHECK(file_error(EACCES, "read", "x").hint().contains("does this user have access to it"));
  CHECK(file_error(ENOSPC, "read", "x").hint().contains("room on the disk"));
  CHECK(file_error(EIO, "read", "x").hint().empty());
}

TEST_CASE("messages and hints of every kind have one line") {
  for (int i = 0; i < kKindCount; ++i) {
    const Error error = error_of(static_cast<ErrorKind>(i));
    CHECK_FALSE(error.message().empty());
    CHECK(is_one_line(error.message()));
    CHECK(is_one_line(error.hint()));
    CHECK(error.hint().find("hint") == std::string::npos);
  }
}

TEST_CASE("an error in fail() becomes a result without a value") {
  const Result<int> result = fail(system_error(EPIPE, "send to", "unix:@x"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::reset);
  CHECK(result.error().endpoint == "unix:@x");
}

}  // namespace hotline::error_test

#include "hotline/core/bad_result_access.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

#include "hotline/core/result.h"

namespace hotline::bad_result_access_test {
namespace {

Error taken() {
  return make_error(ErrorKind::address_in_use, "listen on", "tcp://127.0.0.1:8000",
                    "address already in use", "stop the other program");
}

constexpr const char* kText =
    "cannot listen on tcp://127.0.0.1:8000: address already in use; hint: stop the other program";

/// Returns the text of the std::exception that `action` throws, or an empty string.
template <typename Action>
std::string thrown_by(const Action& action) {
  try {
    action();
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
  return {};
}

}  // namespace

TEST_CASE("value() without a value throws the message of the error and its hint") {
  Result<int> number = fail(taken());
  const Result<int> constant = number;
  const Result<void> nothing = fail(taken());
  CHECK(thrown_by([&] { discard(Result<int>(number.value())); }) == kText);
  CHECK(thrown_by([&] { discard(Result<int>(constant.value())); }) == kText);
  CHECK(thrown_by([&] { discard(Result<int>(std::move(number).value())); }) == kText);
  CHECK(thrown_by([&] { nothing.value(); }) == kText);
  CHECK(thrown_by([&] { Result<void>(fail(taken())).value(); }) == kText);
}

TEST_CASE("an error without a hint is thrown as its message alone") {
  const Error closed = make_error(ErrorKind::closed, "receive from", "peer", "it has gone");
  REQUIRE(closed.hint().empty());
  CHECK(std::string(BadResultAccess(closed).what()) == "cannot receive from peer: it has gone");
}

TEST_CASE("what value() throws is caught as the standard's exception, with the error in it") {
  const auto catch_standard = [](const Result<int>& result) -> Error {
    try {
      return make_error(ErrorKind::system, "throw", {}, std::to_string(result.value()));
    } catch (const std::bad_expected_access<Error>& thrown) {
      return thrown.error();
    }
  };
  CHECK(catch_standard(fail(taken())) == taken());
}

TEST_CASE("a copy of the exception keeps its text") {
  const auto first = std::make_unique<BadResultAccess>(taken());
  const BadResultAccess second = *first;
  CHECK(std::string(second.what()) == kText);
}

TEST_CASE("value() returns the value: by reference, constant, or moved out") {
  Result<std::string> text = std::string("text");
  text.value() += "s";
  CHECK(std::as_const(text).value() == "texts");
  static_assert(std::is_same_v<decltype(text.value()), std::string&>);
  static_assert(std::is_same_v<decltype(std::as_const(text).value()), const std::string&>);
  static_assert(std::is_same_v<decltype(std::move(text).value()), std::string&&>);
  static_assert(std::is_void_v<decltype(Result<void>().value())>);
  Result<std::unique_ptr<int>> owner = std::make_unique<int>(7);
  CHECK(*std::move(owner).value() == 7);
  Result<void>().value();
}

}  // namespace hotline::bad_result_access_test

#include "hotline/server/reply.h"

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::reply_test {
namespace {

/// What could be used again or freed before the reply is sent compiles in no way.
template <typename View>
constexpr bool kIsRefused =
    !std::is_convertible_v<View, Reply> && !std::is_constructible_v<Reply, View>;

static_assert(kIsRefused<Bytes>);
static_assert(kIsRefused<const Bytes&>);
static_assert(kIsRefused<MutableBytes>);
static_assert(kIsRefused<std::span<const std::byte, 3>>);
static_assert(kIsRefused<std::vector<std::byte>&>);
static_assert(kIsRefused<std::array<std::byte, 3>&>);
static_assert(kIsRefused<std::span<const char>>);
static_assert(kIsRefused<std::vector<char>>);
static_assert(kIsRefused<std::nullptr_t>);
static_assert(kIsRefused<const std::byte*>);
static_assert(kIsRefused<const void*>);
static_assert(!std::is_constructible_v<ConstantText, std::string>);
static_assert(!std::is_constructible_v<ConstantText, std::string_view>);
static_assert(!std::is_constructible_v<ConstantText, const char*>);

constexpr char kStatic[] = "static";

/// A message over `text`.
struct Letter {
  explicit Letter(std::string content) : text(std::move(content)) {}
  Message message() { return {std::as_writable_bytes(std::span(text)), peer}; }

  std::string text;
  Endpoint peer = *Endpoint::parse("udp://127.0.0.1:8082");
};

Reply returned(const char* text) { return text; }
Reply returned(std::string_view text) { return text; }
Reply returned(std::string text) { return text; }

}  // namespace

TEST_CASE("no reply is not the same as an empty one") {
  CHECK_FALSE(Reply().has_value());
  CHECK(Reply().bytes().empty());
  for (const Reply& empty :
       {Reply(""), Reply(std::string()), Reply(std::string_view()), Reply::constant("")}) {
    CHECK(empty.has_value());
    CHECK(empty.bytes().empty());
  }
  Letter letter("");
  CHECK(Reply::in_place(letter.message()).has_value());
}

TEST_CASE("text is copied or moved into a reply, whatever happens to it later") {
  std::string text = "text";
  const Reply literal = returned("literal");
  const Reply view = returned(std::string_view(text));
  const Reply pointer = returned(text.c_str());
  const Reply copy = text;
  const Reply moved = returned(std::string(text));
  text = "over";
  CHECK(as_text(literal.bytes()) == "literal");
  for (const Reply* each : {&view, &pointer, &copy, &moved}) {
    CHECK(as_text(each->bytes()) == "text");
    CHECK_FALSE(each->is_in_place());
  }
}

TEST_CASE("the bytes of a reply stay right wherever it is moved to") {
  std::vector<Reply> many;
  for (int i = 0; i < 100; ++i) many.emplace_back(std::to_string(i));
  for (std::size_t i = 0; i < 100; ++i) CHECK(as_text(many[i].bytes()) == std::to_string(i));
}

TEST_CASE("a constant is not copied, and may hold zeros") {
  const Reply reply = Reply::constant(kStatic);
  CHECK(static_cast<const void*>(reply.bytes().data()) == kStatic);
  CHECK(as_text(reply.bytes()) == "static");
  CHECK_FALSE(reply.is_in_place());
  CHECK(as_text(Reply::constant("a\0b").bytes()) == std::string_view("a\0b", 3));
}

TEST_CASE("a reply in place is the memory of its message") {
  Letter letter("hello");
  const Message message = letter.message();
  const Reply whole = Reply::in_place(message);
  CHECK(static_cast<const void*>(whole.bytes().data()) == letter.text.data());
  CHECK(as_text(whole.bytes()) == "hello");
  CHECK(whole.is_in_place());
  CHECK(as_text(Reply::in_place(message, message.bytes().subspan(1, 3)).bytes()) == "ell");
  CHECK(Reply::in_place(message, message.bytes().last(0)).has_value());
  CHECK(Reply::in_place(message, {}).bytes().empty());
}

TEST_CASE("a part that is not within its message is refused") {
  Letter letter("a message and more");
  Letter other("a message");
  const Message message(std::as_writable_bytes(std::span(letter.text)).subspan(2, 7), letter.peer);
  const Bytes all = as_bytes(letter.text);
  CHECK(as_text(Reply::in_place(message, all.subspan(2, 7)).bytes()) == "message");
  for (const Bytes part : {all, all.first(3), all.subspan(1, 7), all.subspan(2, 8),
                           all.subspan(9, 1), all.first(2), as_bytes(other.text)}) {
    CHECK_THROWS_AS(Reply::in_place(message, part), std::invalid_argument);
  }
}

TEST_CASE("a reply in place is for its own message only, and any other is for all") {
  Letter one("one");
  Letter two("two");
  CHECK(Reply::in_place(one.message()).is_for(one.message()));
  CHECK_FALSE(Reply::in_place(one.message()).is_for(two.message()));
  CHECK_FALSE(Reply::in_place(one.message(), one.message().bytes().first(1)).is_for(two.message()));
  CHECK(Reply("text").is_for(two.message()));
  CHECK(Reply::constant("text").is_for(two.message()));
  CHECK(Reply().is_for(two.message()));
}

}  // namespace hotline::reply_test

#include "hotline/server/handler.h"

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::handler_test {
namespace {

void serve_stream(Stream&) {}
Reply serve_message(const Message&) { return {}; }
void serve_datagrams(DatagramSocket&) {}

bool has(const Handler& handler, bool stream, bool message, bool datagram) {
  return static_cast<bool>(handler.stream()) == stream &&
         static_cast<bool>(handler.message()) == message &&
         static_cast<bool>(handler.datagram()) == datagram;
}

}  // namespace

TEST_CASE("a handler is of the kind that its function takes") {
  CHECK(has(Handler(), false, false, false));
  CHECK(has(Handler(serve_stream), true, false, false));
  CHECK(has(Handler(serve_message), false, true, false));
  CHECK(has(Handler(serve_datagrams), false, false, true));
  CHECK(has(Handler([](Stream&) {}), true, false, false));
  CHECK(has(Handler([](const Message& message) { return Reply::in_place(message); }), false, true,
            false));
  CHECK(has(Handler([](const Message&) { return std::string("own"); }), false, true, false));
  CHECK(has(Handler([](const Message&) { return "busy"; }), false, true, false));
  CHECK(has(Handler([](const Message& message) { return as_text(message.bytes()); }), false, true,
            false));
  CHECK(has(Handler([](DatagramSocket&) {}), false, false, true));
}

TEST_CASE("a view of bytes is not a handler's reply") {
  const auto view = [](const Message& message) -> Bytes { return message.bytes(); };
  const auto lease = [](const Message& message) { return message.bytes(); };
  const auto vector = [](const Message&) { return std::vector<std::byte>(3); };
  static_assert(!HandlerFunction<decltype(view)>);
  static_assert(!HandlerFunction<decltype(lease)>);
  static_assert(!HandlerFunction<decltype(vector)>);
  static_assert(!std::constructible_from<Handler, decltype(view)>);
}

namespace {

template <typename Function>
constexpr bool kMakesHandler =
    std::constructible_from<Handler, Function> || std::convertible_to<Function, Handler>;

}  // namespace

TEST_CASE("a function that takes its call by value, or cannot be copied, is not a handler") {
  static_assert(!kMakesHandler<void (*)(Stream)>);
  static_assert(!kMakesHandler<void (*)(DatagramSocket)>);
  static_assert(!kMakesHandler<Reply (*)(Message&)>);
  static_assert(!kMakesHandler<void (*)(const Message&)>);
  static_assert(!kMakesHandler<std::string>);
  static_assert(!kMakesHandler<std::nullptr_t>);
  const auto not_copyable = [held = std::make_unique<int>()](Stream&) {};
  static_assert(!kMakesHandler<decltype(not_copyable)>);
  static_assert(kMakesHandler<void (*)(Stream&)>);
  static_assert(kMakesHandler<Handler&> && kMakesHandler<const Handler&>);
  static_assert(std::is_convertible_v<StreamHandler, Handler>);
}

TEST_CASE("a handler for streams may be combined with one for datagrams") {
  CHECK(has(Handler(serve_stream).also(serve_message), true, true, false));
  CHECK(has(Handler(serve_stream).also(serve_datagrams), true, false, true));
  const Handler copy = Handler(serve_message).also(serve_stream);
  CHECK(has(copy, true, true, false));
}

}  // namespace hotline::handler_test

#include "hotline/server/handler.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline {
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
  CHECK(has(Handler([](const Message& message) { return message.bytes(); }), false, true, false));
  CHECK(has(Handler([](const Message&) { return std::string("own"); }), false, true, false));
  CHECK(has(Handler([](DatagramSocket&) {}), false, false, true));
}

TEST_CASE("a handler for streams may stand beside one for datagrams") {
  CHECK(has(Handler(serve_stream).also(serve_message), true, true, false));
  CHECK(has(Handler(serve_stream).also(serve_datagrams), true, false, true));
  const Handler copy = Handler(serve_message).also(serve_stream);
  CHECK(has(copy, true, true, false));
}

TEST_CASE("no reply is not the same as an empty one") {
  CHECK_FALSE(Reply().has_value());
  CHECK(Reply(Bytes()).has_value());
  CHECK(Reply(Bytes()).bytes().empty());
  CHECK(Reply(std::string()).has_value());
  CHECK(Reply(MutableBytes()).has_value());
}

TEST_CASE("a reply is a view or owns its bytes, wherever it is moved to") {
  const std::string text = "view";
  const Reply view(as_bytes(text));
  CHECK(static_cast<const void*>(view.bytes().data()) == text.data());
  Reply own(std::string("short"));
  const Reply moved = std::move(own);
  CHECK(as_text(moved.bytes()) == "short");
  std::vector<Reply> many;
  for (int i = 0; i < 100; ++i) many.emplace_back(std::to_string(i));
  for (std::size_t i = 0; i < 100; ++i) CHECK(as_text(many[i].bytes()) == std::to_string(i));
}

}  // namespace hotline

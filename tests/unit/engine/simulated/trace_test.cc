#include "engine/simulated/trace.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::engine::trace_test {
namespace {

using std::chrono::seconds;

std::uint64_t hash_of(const std::function<void(Trace&)>& notes) {
  Trace trace;
  notes(trace);
  return trace.hash();
}

}  // namespace

TEST_CASE("the same notes in the same order give the same number") {
  const auto notes = [](Trace& trace) {
    trace.note(seconds(1), "a", "send", 3, 10);
    trace.note_bytes(as_bytes("hello"));
  };
  CHECK(hash_of(notes) == hash_of(notes));
  CHECK(hash_of(notes) != hash_of([](Trace&) {}));
}

TEST_CASE("any difference in a note gives another number") {
  const auto base = hash_of([](Trace& trace) { trace.note(seconds(1), "a", "send", 3, 10); });
  CHECK(base != hash_of([](Trace& trace) { trace.note(seconds(2), "a", "send", 3, 10); }));
  CHECK(base != hash_of([](Trace& trace) { trace.note(seconds(1), "b", "send", 3, 10); }));
  CHECK(base != hash_of([](Trace& trace) { trace.note(seconds(1), "a", "read", 3, 10); }));
  CHECK(base != hash_of([](Trace& trace) { trace.note(seconds(1), "a", "send", 4, 10); }));
  CHECK(base != hash_of([](Trace& trace) { trace.note(seconds(1), "a", "send", 3, 11); }));
  CHECK(base != hash_of([](Trace& trace) { trace.note(seconds(1), "as", "end", 3, 10); }));
  CHECK(base != hash_of([](Trace& trace) {
          trace.note(seconds(1), "a", "send", 3, 10);
          trace.note_bytes({});
        }));
}

TEST_CASE("all bytes count, wherever they are cut") {
  const auto hash_of_bytes = [](std::string_view text) {
    return hash_of([&](Trace& trace) { trace.note_bytes(as_bytes(text)); });
  };
  const std::string text = "twenty bytes of text";
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = '!';
    CHECK(hash_of_bytes(other) != hash_of_bytes(text));
    CHECK(hash_of_bytes(text.substr(0, i)) != hash_of_bytes(text));
  }
  CHECK(hash_of_bytes("ab") != hash_of([](Trace& trace) {
          trace.note_bytes(as_bytes("a"));
          trace.note_bytes(as_bytes("b"));
        }));
  CHECK(hash_of_bytes("a") != hash_of_bytes(std::string_view("a\0", 2)));
}

TEST_CASE("the order of notes counts") {
  CHECK(hash_of([](Trace& trace) {
          trace.note(seconds(1), "a", "one", 0);
          trace.note(seconds(1), "a", "two", 0);
        }) != hash_of([](Trace& trace) {
          trace.note(seconds(1), "a", "two", 0);
          trace.note(seconds(1), "a", "one", 0);
        }));
}

TEST_CASE("a sink gets a line for each note, and the number stays the same") {
  std::vector<std::string> lines;
  Trace told([&](std::string_view line) { lines.emplace_back(line); });
  Trace silent;
  for (Trace* trace : {&told, &silent}) {
    trace->note(std::chrono::milliseconds(1500), "alpha", "send", 7, -11);
    trace->note_bytes(as_bytes("hello"));
  }
  CHECK(told.hash() == silent.hash());
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "   1.500000000 alpha      send 7 -11");
}

TEST_CASE("a line that is too long is cut") {
  std::string line;
  Trace trace([&](std::string_view told) { line = told; });
  trace.note(seconds(1), std::string(200, 'h'), "send", 1);
  CHECK(line.size() < 160);
  CHECK(line.ends_with("hhh"));
}

}  // namespace hotline::engine::trace_test

#include "cli/line_reader.h"

#include <unistd.h>

#include <cstdio>
#include <deque>
#include <utility>

#include <doctest/doctest.h>

#include "support/sockets.h"
#include "support/standard_streams.h"

namespace hotline::cli::line_reader_test {
namespace {

using namespace std::string_literals;
using Next = MessageSource::Next;
using Lines = std::vector<std::string>;

/// A peer that has `descriptor`, and runs `arrive` when it is to show what has arrived.
class FakePeer final : public PeerWatch {
 public:
  explicit FakePeer(int descriptor, std::function<bool()> arrive = {})
      : descriptor_(descriptor), arrive_(std::move(arrive)) {}

  int descriptor() const override { return descriptor_; }
  bool show_arrived() override { return arrive_(); }
  void settle() override { ++settled_; }

  int settled() const { return settled_; }

 private:
  int descriptor_;
  std::function<bool()> arrive_;
  int settled_ = 0;
};

/// Returns the lines of `text`, which is the whole input.
Lines plain_lines(std::string_view text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  REQUIRE(file);
  REQUIRE(std::fwrite(text.data(), 1, text.size(), file.get()) == text.size());
  std::rewind(file.get());
  const test::Redirection redirection(STDIN_FILENO, ::fileno(file.get()));
  FakePeer peer(-1);
  PlainLines lines;
  Lines read;
  std::string line;
  while (lines.next_line(line, peer) == Next::message) read.push_back(line);
  CHECK(lines.next_line(line, peer) == Next::end);
  return read;
}

/// The typed lines, and those that were remembered.
struct Typing {
  std::deque<std::string> typed;
  Lines remembered;
  Next after = Next::end;
};

class TypedLines final : public LineInput {
 public:
  explicit TypedLines(Typing& typing) : typing_(typing) {}

  Next next_line(std::string& line, PeerWatch&) override {
    if (typing_.typed.empty()) return typing_.after;
    line = typing_.typed.front();
    typing_.typed.pop_front();
    return Next::message;
  }

  void remember(const std::string& line) override { typing_.remembered.push_back(line); }

 private:
  Typing& typing_;
};

/// Returns the messages that `typing` makes, and the result that ended them.
std::pair<Lines, Next> read_all(Typing& typing) {
  LineReader reader(std::make_unique<TypedLines>(typing));
  FakePeer peer(-1);
  Lines messages;
  std::string message;
  for (;;) {
    const Next next = reader.next(message, peer);
    if (next != Next::message) return {messages, next};
    messages.push_back(message);
  }
}

}  // namespace

TEST_CASE("plain lines end at a newline, the last one also at the end") {
  CHECK(plain_lines("").empty());
  CHECK(plain_lines("a\n") == Lines{"a"});
  CHECK(plain_lines("a") == Lines{"a"});
  CHECK(plain_lines("a\nb") == Lines{"a", "b"});
  CHECK(plain_lines("\n") == Lines{""});
  CHECK(plain_lines("\n\na\n\n") == Lines{"", "", "a", ""});
}

TEST_CASE("plain lines keep all their bytes except the newline") {
  CHECK(plain_lines("a\r\n \0b\xff\x1b\n"s) == Lines{"a\r", " \0b\xff\x1b"s});
}

TEST_CASE("a plain line may arrive in pieces") {
  test::FedInput input;
  const auto [near, far] = test::stream_pair();
  test::send_text(far.get(), "reply");
  Lines pieces = {"one line", "\nano", "ther\nlast"};
  FakePeer peer(near.get(), [&] {
    if (pieces.empty()) {
      input.end();
    } else {
      input.feed(pieces.front());
      pieces.erase(pieces.begin());
    }
    return true;
  });
  PlainLines lines;
  for (const std::string expected : {"one line", "another", "last"}) {
    std::string line;
    REQUIRE(lines.next_line(line, peer) == Next::message);
    CHECK(line == expected);
  }
}

TEST_CASE("plain lines may be split across two reads") {
  for (const std::size_t size : {65'534U, 65'535U, 65'536U, 65'537U}) {
    const Lines expected = {"a", std::string(size - 2, 'b'), "c", std::string(70'000, 'd'), "e"};
    std::string text;
    for (const std::string& each : expected) text += each + '\n';
    CHECK(plain_lines(text) == expected);
  }
  const Lines expected = {std::string(60'000, 'a'), std::string(10'000, 'b'), "c"};
  CHECK(plain_lines(expected[0] + '\n' + expected[1] + '\n' + expected[2]) == expected);
}

TEST_CASE("a plain line may be longer than one read") {
  test::FedInput input;
  const auto [near, far] = test::stream_pair();
  test::send_text(far.get(), "reply");
  const std::string piece(40'000, 'x');
  int fed = 0;
  FakePeer peer(near.get(), [&] {
    input.feed(++fed < 6 ? piece : "\nnext\n");
    return true;
  });
  PlainLines lines;
  std::string line;
  REQUIRE(lines.next_line(line, peer) == Next::message);
  CHECK(line == std::string(5 * piece.size(), 'x'));
  REQUIRE(lines.next_line(line, peer) == Next::message);
  CHECK(line == "next");
}

TEST_CASE("available input comes before a peer that has hung up") {
  test::FedInput input;
  input.feed("a\nb\nc");
  FakePeer peer(-1);
  PlainLines lines;
  std::string line;
  CHECK(lines.next_line(line, peer) == Next::message);
  CHECK(lines.next_line(line, peer) == Next::message);
  CHECK(line == "b");
  CHECK(lines.next_line(line, peer) == Next::hang_up);
}

TEST_CASE("a peer that hangs up ends the wait for a line") {
  const test::FedInput input;
  const auto [near, far] = test::stream_pair();
  test::send_text(far.get(), "bye");
  int asked = 0;
  FakePeer peer(near.get(), [&] { return ++asked < 3; });
  PlainLines lines;
  std::string line;
  CHECK(lines.next_line(line, peer) == Next::hang_up);
  CHECK(asked == 3);
}

TEST_CASE("a reply gets its newline only before a wait for the user") {
  test::FedInput input;
  const auto [near, far] = test::stream_pair();
  test::send_text(far.get(), "reply");
  FakePeer peer(near.get(), [&] {
    input.feed("c\n");
    return true;
  });
  input.feed("a\nb\n");
  PlainLines lines;
  std::string line;
  lines.next_line(line, peer);
  lines.next_line(line, peer);
  CHECK(peer.settled() == 0);
  CHECK(lines.next_line(line, peer) == Next::message);
  CHECK(line == "c");
  CHECK(peer.settled() == 1);
}

TEST_CASE("a line is available if all of it was read, and so is the end") {
  test::FedInput input;
  input.feed("a\n\nb\nc");
  FakePeer peer(-1);
  LineReader reader(std::make_unique<PlainLines>());
  std::string line;
  CHECK_FALSE(reader.next_now(line));
  CHECK(reader.next(line, peer) == Next::message);
  CHECK(reader.next_now(line) == Next::message);
  CHECK(line == "b");
  CHECK_FALSE(reader.next_now(line));
  input.feed("d\n");
  input.end();
  CHECK(reader.next(line, peer) == Next::message);
  CHECK(line == "cd");
  CHECK_FALSE(reader.next_now(line));
  CHECK(reader.next(line, peer) == Next::end);
  CHECK(reader.next_now(line) == Next::end);
}

TEST_CASE("quit ends the input for good, also without waiting") {
  test::FedInput input;
  input.feed("a\nquit\nb\n");
  FakePeer peer(-1);
  LineReader reader(std::make_unique<PlainLines>());
  std::string line;
  CHECK(reader.next(line, peer) == Next::message);
  CHECK(reader.next_now(line) == Next::end);
  CHECK(reader.next_now(line) == Next::end);
  CHECK(reader.next(line, peer) == Next::end);
}

TEST_CASE("quit is a message where it does not end the input") {
  test::FedInput input;
  input.feed("quit\n\n quit \n");
  input.end();
  FakePeer peer(-1);
  LineReader reader(std::make_unique<PlainLines>(), LineRules{.quit = QuitLine::is_message});
  std::string line;
  CHECK(reader.next(line, peer) == Next::message);
  CHECK(line == "quit");
  CHECK(reader.next(line, peer) == Next::message);
  CHECK(line == " quit ");
  CHECK(reader.next(line, peer) == Next::end);
}

TEST_CASE("what is typed is never known before it is waited for") {
  Typing typing{.typed = {"a"}, .remembered = {}};
  LineReader reader(std::make_unique<TypedLines>(typing));
  std::string line;
  CHECK_FALSE(reader.next_now(line));
}

TEST_CASE("without a terminal standard input is read as plain lines") {
  test::FedInput input;
  input.feed("\xff\n");
  FakePeer peer(-1);
  std::string line;
  const auto reader = LineReader::on_standard_input(Home("/proc/none"), {});
  CHECK(reader->next(line, peer) == Next::message);
  CHECK(line == "\xff");
}

TEST_CASE("lines of blanks are not messages, and others keep their blanks") {
  Typing typing{.typed = {"", " ", "\t\r\v\f", " a ", "\n", "b\r", "\0"s}, .remembered = {}};
  CHECK(read_all(typing) == std::pair(Lines{" a ", "\n", "b\r", "\0"s}, Next::end));
}

TEST_CASE("lines of blanks are empty messages where the rules say so") {
  Typing typing{.typed = {"", " \t", "a", "quit", "b"}, .remembered = {}};
  LineReader reader(std::make_unique<TypedLines>(typing), {.blank = BlankLine::is_empty_message});
  FakePeer peer(-1);
  std::string line = "before";
  for (const char* expected : {"", "", "a"}) {
    CHECK(reader.next(line, peer) == Next::message);
    CHECK(line == expected);
  }
  CHECK(reader.next(line, peer) == Next::end);
  CHECK(typing.remembered == Lines{"a"});
}

TEST_CASE("quit ends the messages, with blanks around it too") {
  for (const std::string word : {"quit", "  quit\t", "quit\r"}) {
    Typing typing{.typed = {"a", word, "b"}, .remembered = {}, .after = Next::hang_up};
    CHECK(read_all(typing) == std::pair(Lines{"a"}, Next::end));
    CHECK(typing.typed.size() == 1);
  }
  Typing typing{.typed = {"QUIT", "quit now", "quits", "q"}, .remembered = {}};
  CHECK(read_all(typing).first == Lines{"QUIT", "quit now", "quits", "q"});
}

TEST_CASE("used lines are remembered, and nothing else") {
  Typing typing{.typed = {"a", " ", " b", "quit"}, .remembered = {}};
  read_all(typing);
  CHECK(typing.remembered == Lines{"a", " b"});
}

TEST_CASE("a hang-up of the peer is reported") {
  Typing typing{.typed = {"a"}, .remembered = {}, .after = Next::hang_up};
  CHECK(read_all(typing) == std::pair(Lines{"a"}, Next::hang_up));
}

}  // namespace hotline::cli::line_reader_test

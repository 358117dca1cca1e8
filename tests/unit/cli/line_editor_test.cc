#include "cli/line_editor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/loops.h"
#include "support/standard_streams.h"

namespace hotline::cli::line_editor_test {
namespace {

class NoPeer final : public PeerWatch {
 public:
  int descriptor() const override { return -1; }
  bool has_hung_up() const override { return false; }
  bool show_arrived() override {
    if (throws) throw std::runtime_error("the peer");
    return true;
  }
  void settle() override {}
  bool has_unread() const override { return throws; }

  bool throws = false;
};

/// A terminal that is the standard input and output of this process.
class OwnTerminal {
 public:
  OwnTerminal() : user_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    ::grantpt(user_.get());
    ::unlockpt(user_.get());
    const UniqueFd program(::open(::ptsname(user_.get()), O_RDWR | O_NOCTTY));
    ::dup2(program.get(), STDIN_FILENO);
    ::dup2(program.get(), STDOUT_FILENO);
  }

  bool type(std::string_view text) const {
    return ::write(user_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }

  static bool is_as_before() {
    termios now{};
    return ::tcgetattr(STDIN_FILENO, &now) == 0 && (now.c_lflag & ICANON) != 0;
  }

 private:
  UniqueFd user_;
};

/// Returns what next_line() throws.
std::string thrown_by(LineEditor& editor, PeerWatch& peer) {
  std::string line;
  try {
    editor.next_line(line, peer);
  } catch (const std::runtime_error& thrown) {
    return thrown.what();
  }
  return "nothing";
}

/// Runs in a process of its own.
bool survives_exceptions() {
  const OwnTerminal terminal;
  LineEditing editing;
  editing.complete = [](std::string_view) -> LineCompletion {
    throw std::runtime_error("a completion");
  };
  LineEditor editor(std::move(editing));
  NoPeer peer;
  if (!terminal.type("a\t") || thrown_by(editor, peer) != "a completion") return false;
  if (!OwnTerminal::is_as_before()) return false;
  peer.throws = true;
  if (thrown_by(editor, peer) != "the peer" || !OwnTerminal::is_as_before()) return false;
  peer.throws = false;
  std::string line;
  return terminal.type("next\n") && editor.next_line(line, peer) == MessageSource::Next::message &&
         line == "next";
}

}  // namespace

TEST_CASE("what is thrown while a line is typed leaves the terminal as it was, and a next line") {
  const auto report = test::in_child_process([] {
    if (!survives_exceptions()) throw std::runtime_error("it does not");
  });
  CHECK(report.exit_status == 0);
  CHECK(report.error_text == "");
}

}  // namespace hotline::cli::line_editor_test

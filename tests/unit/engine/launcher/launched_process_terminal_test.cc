#include <signal.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/process.h"
#include "support/launched.h"

namespace hotline::engine::launched_process_terminal_test {
namespace {

using std::chrono::milliseconds;
using test::kind_of;
using test::read_all;
using test::read_line;
using test::start;
using test::write_all;

LaunchOptions on_terminal(std::string script, std::vector<std::string> arguments = {}) {
  LaunchOptions options = test::shell(std::move(script), std::move(arguments));
  options.terminal.emplace();
  return options;
}

/// The script reads single characters, and what is typed is not shown.
std::unique_ptr<Process> start_raw(const std::string& script) {
  auto process = start(on_terminal("stty raw -echo; echo up; " + script));
  CHECK(read_line(*process) == "up");
  return process;
}

}  // namespace

TEST_CASE("a program on a terminal has it as all its streams, with its size and its type") {
  test::on_each_engine([] {
    LaunchOptions options = on_terminal(
        "for i in 0 1 2; do test -t $i || echo not $i; done; stty size; echo $TERM; "
        "(echo own >/dev/tty)");
    options.terminal = TerminalOptions{.rows = 50, .columns = 132, .type = "vt100"};
    const auto process = start(options);
    CHECK(read_all(*process) == "50 132\r\nvt100\r\nown\r\n");
    CHECK(process->wait()->exit_status == 0);
  });
}

TEST_CASE("a program on a terminal leads its session and is in the foreground") {
  const auto process = start(on_terminal("echo $(ps -o sid=,pgid=,tpgid= -p $$)"));
  const std::string pid = std::to_string(process->pid());
  CHECK(read_all(*process) == pid + " " + pid + " " + pid + "\r\n");
}

TEST_CASE("a program on a terminal inherits no other descriptors") {
  const auto process = start(on_terminal("exec ls -1 /proc/self/fd"));
  CHECK(read_all(*process) == "0\r\n1\r\n2\r\n3\r\n");
}

TEST_CASE("both outputs on a terminal arrive in order as one; the other ends at once") {
  test::on_each_engine([] {
    const auto process = start(on_terminal("echo out; echo err >&2; echo out; exit 3"));
    CHECK(read_all(*process, OutputStream::standard_error).empty());
    CHECK(read_all(*process) == "out\r\nerr\r\nout\r\n");
    CHECK(process->wait()->exit_status == 3);
    CHECK(read_all(*process).empty());
  });
}

TEST_CASE("a mebibyte of output on a terminal arrives complete") {
  test::on_each_engine([] {
    const auto process = start(on_terminal("head -c 1048576 /dev/zero | tr '\\0' x"));
    std::size_t size = 0;
    std::array<std::byte, 16 * 1024> piece;
    for (;;) {
      const auto read = process->read_some(OutputStream::standard_output, piece);
      REQUIRE(read);
      if (*read == 0) break;
      size += *read;
    }
    CHECK(size == 1024 * 1024);
  });
}

TEST_CASE("what is written to a terminal is typed: it is shown, and the program reads lines") {
  test::on_each_engine([] {
    const auto process = start(on_terminal("read line; echo got $line"));
    CHECK(write_all(*process, "a line\n").empty());
    CHECK(read_all(*process) == "a line\r\ngot a line\r\n");
  });
}

TEST_CASE("typing the interrupt character sends SIGINT to the programs in the foreground") {
  test::on_each_engine([] {
    // A child that has not begun its program yet may swallow the signal: then there is a next one.
    const auto process =
        start(on_terminal("trap 'echo int; exit 3' INT; echo up; while :; do sleep 0.01; done"));
    CHECK(read_line(*process) == "up\r");
    CHECK(write_all(*process, "\3").empty());
    CHECK(process->wait()->exit_status == 3);
  });
}

TEST_CASE("a terminal that is resized sends SIGWINCH, and has the new size") {
  test::on_each_engine([] {
    const auto process =
        start(on_terminal("trap 'stty size; exit 0' WINCH; echo up; while :; do sleep 0.01; done"));
    CHECK(read_line(*process) == "up\r");
    CHECK(process->resize(50, 132));
    CHECK(read_line(*process) == "50 132\r");
    CHECK(process->wait()->exit_status == 0);
  });
}

TEST_CASE("a program without a terminal cannot be resized, nor one that was hung up") {
  const auto without = start({.arguments = {"true"}});
  CHECK(kind_of(without->resize(50, 132)) == "unsupported");
  const auto process = start(on_terminal("sleep 1000"));
  process->close_output(OutputStream::standard_output);
  CHECK(kind_of(process->resize(50, 132)) == "closed");
}

TEST_CASE("closing the input of a terminal types an end, also within a line, and only once") {
  test::on_each_engine([] {
    for (const std::string typed : {"", "line\n", "part"}) {
      CAPTURE(typed);
      const auto process =
          start(on_terminal("stty -echo; echo up; cat; echo end; cat; echo again; sleep 1000"));
      CHECK(read_line(*process) == "up\r");
      CHECK(write_all(*process, typed).empty());
      for (int i = 0; i < 3; ++i) process->close_input();
      CHECK(kind_of(process->write_some(as_bytes("x"))) == "closed");
      if (typed == "line\n") CHECK(read_line(*process) == "line\r");
      CHECK(read_line(*process) == (typed == "part" ? "partend\r" : "end\r"));
      const DeadlineScope scope(deadline_after(milliseconds(20)));
      std::array<std::byte, 16> more;
      CHECK(kind_of(process->read_some(OutputStream::standard_output, more)) == "timed_out");
    }
  });
}

TEST_CASE("a program that reads characters gets the character of an end") {
  const auto process = start_raw("head -c 2 | od -An -tx1");
  CHECK(write_all(*process, "x").empty());
  process->close_input();
  CHECK(read_line(*process) == " 78 04");
}

TEST_CASE("a hang-up sends SIGHUP, and nothing can be written or read any more") {
  test::on_each_engine([] {
    const auto process = start(on_terminal("echo up; exec sleep 1000"));
    CHECK(read_line(*process) == "up\r");
    process->close_output(OutputStream::standard_output);
    CHECK(kind_of(process->write_some(as_bytes("x"))) == "closed");
    std::array<std::byte, 1> byte;
    CHECK(kind_of(process->read_some(OutputStream::standard_output, byte)) == "closed");
    process->close_input();
    CHECK(process->wait()->signal == SIGHUP);
  });
}

TEST_CASE("closing the standard error of a program on a terminal changes nothing") {
  const auto process = start(on_terminal("echo out; echo err >&2"));
  process->close_output(OutputStream::standard_error);
  CHECK(read_all(*process) == "out\r\nerr\r\n");
}

}  // namespace hotline::engine::launched_process_terminal_test

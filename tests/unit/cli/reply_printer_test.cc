#include "cli/reply_printer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "support/standard_streams.h"

namespace hotline::cli::reply_printer_test {
namespace {

using Run = void (*)(ReplyPrinter&);

std::string printed(OutputForm form, Run run) {
  return test::written_to(stdout, [&] {
    ReplyPrinter printer(form);
    run(printer);
  });
}

std::string in_text(Run run) { return printed(OutputForm::text, run); }

std::string in_json(Run run) { return printed(OutputForm::json, run); }

}  // namespace

TEST_CASE("a reply gets a newline if it lacks one") {
  CHECK(in_text([](ReplyPrinter& printer) { printer.print_reply(as_bytes("HELLO")); }) ==
        "HELLO\n");
  CHECK(in_text([](ReplyPrinter& printer) { printer.print_reply(as_bytes("HELLO\n")); }) ==
        "HELLO\n");
  CHECK(in_text([](ReplyPrinter& printer) { printer.print_reply(as_bytes("a\n\n")); }) == "a\n\n");
}

TEST_CASE("an empty reply is an empty line") {
  CHECK(in_text([](ReplyPrinter& printer) { printer.print_reply({}); }) == "\n");
}

TEST_CASE("a reply is printed unchanged, whatever bytes it has") {
  static constexpr std::string_view kBytes("\0\xff\x1b[2J\r\n", 8);
  CHECK(in_text([](ReplyPrinter& printer) { printer.print_reply(as_bytes(kBytes)); }) == kBytes);
}

TEST_CASE("the pieces of a reply are joined, with one newline after them") {
  CHECK(in_text([](ReplyPrinter& printer) {
          printer.print_piece(as_bytes("HE"));
          printer.print_piece(as_bytes("L\nLO"));
          printer.end_reply();
          printer.end_reply();
        }) == "HEL\nLO\n");
  CHECK(in_text([](ReplyPrinter& printer) {
          printer.print_piece(as_bytes("HELLO"));
          printer.print_piece(as_bytes("\n"));
          printer.end_reply();
        }) == "HELLO\n");
}

TEST_CASE("a reply without any bytes gets no newline") {
  CHECK(in_text([](ReplyPrinter& printer) { printer.end_reply(); }).empty());
}

TEST_CASE("a piece can be read at once") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  std::string text(2, '\0');
  {
    const test::Redirection redirection(STDOUT_FILENO, writing.get());
    ReplyPrinter(OutputForm::text).print_piece(as_bytes("hi"));
    CHECK(::read(reading.get(), text.data(), text.size()) == 2);
  }
  CHECK(text == "hi");
}

TEST_CASE("in JSON each reply and each piece is an object on a line of its own") {
  CHECK(in_json([](ReplyPrinter& printer) {
          printer.print_reply(as_bytes("HELLO\n"));
          printer.print_reply({});
        }) == R"({"v":1,"reply":{"bytes":6,"text":"HELLO\n"}})"
              "\n"
              R"({"v":1,"reply":{"bytes":0,"text":""}})"
              "\n");
  CHECK(in_json([](ReplyPrinter& printer) {
          printer.print_piece(as_bytes("a"));
          printer.end_reply();
        }) == "{\"v\":1,\"reply\":{\"bytes\":1,\"text\":\"a\"}}\n");
}

TEST_CASE("in JSON bytes that are not text are in base64") {
  CHECK(in_json([](ReplyPrinter& printer) { printer.print_reply(as_bytes("\xff\xff")); }) ==
        "{\"v\":1,\"reply\":{\"bytes\":2,\"base64\":\"//8=\"}}\n");
}

TEST_CASE("after output has failed nothing more is written, and the reason is kept") {
  ReplyPrinter printer(OutputForm::text);
  CHECK(printer.failure() == 0);
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  std::array<bool, 4> worked{};
  test::written_to(stdout, [&] {
    const test::Redirection redirection(STDOUT_FILENO, full.get());
    worked[0] = printer.print_piece(as_bytes("a"));
  });
  const std::string later = test::written_to(stdout, [&] {
    worked[1] = printer.end_reply();
    worked[2] = printer.end_reply();
    worked[3] = printer.print_reply(as_bytes("b"));
  });
  CHECK(worked == std::array{false, false, false, false});
  CHECK(printer.failure() == ENOSPC);
  CHECK(later.empty());
}

TEST_CASE("printing returns whether it worked") {
  std::array<bool, 5> worked{};
  test::written_to(stdout, [&] {
    ReplyPrinter printer(OutputForm::text);
    worked = {printer.print_piece(as_bytes("a")), printer.end_reply(), printer.end_reply(),
              printer.print_reply({}), printer.print_reply(as_bytes("b"))};
  });
  CHECK(worked == std::array{true, true, true, true, true});
}

TEST_CASE("with escaped controls a reply can send only text to the terminal") {
  CHECK(test::written_to(stdout,
                         [] {
                           ReplyPrinter printer(OutputForm::text, Controls::escaped);
                           printer.print_reply(as_bytes("\x1b[2Jgr\xc3"));
                           printer.print_piece(as_bytes("gr\xc3"));
                           printer.print_piece(as_bytes("\xbc\xc3"));
                           printer.print_piece(
                               as_bytes("\x9f"
                                        "e\n"));
                           printer.end_reply();
                         }) ==
        "\\x1b[2Jgr\\xc3\ngr\xc3\xbc\xc3\x9f"
        "e\n");
}

TEST_CASE("output that is not a terminal gets every byte unchanged") {
  CHECK(test::written_to(stdout, [] {
          CHECK(controls_for_output(Controls::escaped) == Controls::raw);
          CHECK(controls_for_output(Controls::raw) == Controls::raw);
        }).empty());
}

TEST_CASE("when nothing more comes, a character that was cut is printed escaped") {
  CHECK(test::written_to(stdout, [] {
          ReplyPrinter printer(OutputForm::text, Controls::escaped);
          printer.print_piece(as_bytes("a\xe4\xb8"));
          CHECK(printer.finish());
        }) == "a\\xe4\\xb8");
}

}  // namespace hotline::cli::reply_printer_test

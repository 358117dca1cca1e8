#include "cli/call_end.h"

#include <unistd.h>

#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "support/standard_streams.h"

namespace hotline::cli::call_end_test {
namespace {

/// A source of no messages that has met `failure`, or none.
class Source final : public MessageSource {
 public:
  explicit Source(int failure) : failure_(failure) {}
  Next next(std::string&, PeerWatch&) override { return Next::end; }
  std::optional<Next> next_now(std::string&) override { return Next::end; }
  int failure() const override { return failure_; }

 private:
  int failure_;
};

ExitStatus reported(const Result<void>& conversed, const ReplyPrinter& printer, int read_failure,
                    std::string_view line) {
  ExitStatus status = ExitStatus::ok;
  const std::string text = test::written_to(stderr, [&] {
    status = report_call_end(conversed, printer, Source(read_failure), OutputForm::text);
  });
  CHECK(text.starts_with(line));
  CHECK(text.empty() == line.empty());
  return status;
}

Result<void> failure(int native_code) {
  return fail(system_error(native_code, "receive from", "udp://127.0.0.1:9"));
}

}  // namespace

TEST_CASE("a call that went well reports nothing") {
  CHECK(reported({}, ReplyPrinter(OutputForm::text), 0, "") == ExitStatus::ok);
}

TEST_CASE("a call that failed is reported, and a peer that does not exist has its own status") {
  const ReplyPrinter printer(OutputForm::text);
  CHECK(reported(failure(ECONNRESET), printer, 0, "error: cannot receive from udp://") ==
        ExitStatus::failed);
  CHECK(reported(failure(ECONNREFUSED), printer, 0, "error: cannot receive from udp://") ==
        ExitStatus::unreachable);
}

TEST_CASE("messages that could not be read are a failure, after that of the call") {
  const ReplyPrinter printer(OutputForm::text);
  CHECK(reported({}, printer, EIO, "error: cannot read standard input") == ExitStatus::failed);
  CHECK(reported(failure(ECONNRESET), printer, EIO, "error: cannot receive from") ==
        ExitStatus::failed);
}

TEST_CASE("a call with a reply that is an error has failed, though its text was printed") {
  ReplyPrinter printer(OutputForm::text, Controls::raw, "error: ");
  const std::string printed = test::written_to(stdout, [&] {
    printer.print_reply(as_bytes("no error: here"));
    CHECK_FALSE(printer.has_error_reply());
    CHECK(reported({}, printer, 0, "") == ExitStatus::ok);
    printer.print_reply(as_bytes("error: here"));
    printer.print_reply(as_bytes("another"));
  });
  CHECK(printed == "no error: here\nerror: here\nanother\n");
  CHECK(reported({}, printer, 0, "") == ExitStatus::failed);
}

}  // namespace hotline::cli::call_end_test

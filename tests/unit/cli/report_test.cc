#include "cli/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "support/standard_streams.h"

namespace hotline::cli::report_test {
namespace {

/// Returns what is reported for `error`; checks that `status` is returned.
std::string reported(const Error& error, ExitStatus status, OutputForm form) {
  ExitStatus given_back = ExitStatus::ok;
  const std::string text =
      test::written_to(stderr, [&] { given_back = report_error(error, status, form); });
  CHECK(given_back == status);
  return text;
}

Error refused() { return system_error(ECONNREFUSED, "connect to", "tcp://127.0.0.1:9"); }

}  // namespace

TEST_CASE("an error is one line, and its advice another") {
  CHECK(reported(refused(), ExitStatus::unreachable, OutputForm::text) ==
        "error: cannot connect to tcp://127.0.0.1:9: connection refused\n"
        "hint: is the server running, and on that port?\n");
}

TEST_CASE("an error without advice has no hint") {
  CHECK(reported(system_error(EIO, "read"), ExitStatus::failed, OutputForm::text) ==
        "error: cannot read: Input/output error\n");
}

TEST_CASE("in JSON an error is one object") {
  CHECK(reported(refused(), ExitStatus::unreachable, OutputForm::json) ==
        R"({"v":1,"error":{"kind":"refused","code":5,)"
        R"("message":"cannot connect to tcp://127.0.0.1:9: connection refused",)"
        R"("endpoint":"tcp://127.0.0.1:9","hint":"is the server running, and on that port?",)"
        R"("native_code":111}})"
        "\n");
}

TEST_CASE("in JSON the endpoint of an error has no quotes around it") {
  const auto shown = [](std::string endpoint) {
    const Error error = make_error(ErrorKind::invalid_argument, "use", std::move(endpoint), "no");
    return json_of_error(error, ExitStatus::usage).text();
  };
  CHECK(shown("'tcp://h:x'").contains(R"("message":"cannot use 'tcp://h:x': no",)"));
  CHECK(shown("'tcp://h:x'").contains(R"("endpoint":"tcp://h:x")"));
  CHECK(shown("it's").contains(R"("endpoint":"it's")"));
  CHECK(shown("'").contains(R"("endpoint":"'")"));
  CHECK_FALSE(shown("''").contains("endpoint"));
}

TEST_CASE("in JSON members that an error does not have are left out") {
  CHECK(reported(usage_error("no command"), ExitStatus::usage, OutputForm::json) ==
        R"({"v":1,"error":{"kind":"invalid_argument","code":2,"message":"no command"}})"
        "\n");
}

TEST_CASE("a note is a line") {
  CHECK(test::written_to(stderr, [] { report_note("it hung up", OutputForm::text); }) ==
        "note: it hung up\n");
  CHECK(test::written_to(stderr, [] { report_note("it hung up", OutputForm::json); }) ==
        "{\"v\":1,\"note\":\"it hung up\"}\n");
}

TEST_CASE("a mistake in the command line is shown in its own words") {
  const Error error = usage_error("no command", "see 'hotline --help'");
  CHECK(error.kind == ErrorKind::invalid_argument);
  CHECK(error.message() == "no command");
  CHECK(error.hint() == "see 'hotline --help'");
}

TEST_CASE("the status of a failed connect says what a script can do about it") {
  const auto status = [](ErrorKind kind) {
    return status_of_connect(make_error(kind, "connect to", "tcp://a:1", ""));
  };
  CHECK(status(ErrorKind::invalid_argument) == ExitStatus::usage);
  CHECK(status(ErrorKind::unsupported) == ExitStatus::usage);
  CHECK(status(ErrorKind::address_not_available) == ExitStatus::unreachable);
  CHECK(status(ErrorKind::timed_out) == ExitStatus::timed_out);
  CHECK(status(ErrorKind::unresponsive) == ExitStatus::timed_out);
  CHECK(status(ErrorKind::resource_exhausted) == ExitStatus::failed);
  for (const ErrorKind kind : {ErrorKind::refused, ErrorKind::unreachable, ErrorKind::not_found,
                               ErrorKind::reset, ErrorKind::system}) {
    CHECK(status(kind) == ExitStatus::unreachable);
  }
  // The system forbids the connection, or the server refuses the caller.
  CHECK(status_of_connect(system_error(EACCES, "connect to")) == ExitStatus::unreachable);
  CHECK(status(ErrorKind::permission_denied) == ExitStatus::failed);
}

TEST_CASE("output that cannot be written is a failure with its reason, and no hint about sockets") {
  ExitStatus status = ExitStatus::ok;
  const std::string text =
      test::written_to(stderr, [&] { status = report_output_failure(ENOSPC, OutputForm::text); });
  CHECK(status == ExitStatus::failed);
  CHECK(text == "error: cannot write to standard output: No space left on device\n");
}

TEST_CASE("output whose reader has gone is a failure without a message") {
  ExitStatus status = ExitStatus::ok;
  const std::string text =
      test::written_to(stderr, [&] { status = report_output_failure(EPIPE, OutputForm::text); });
  CHECK(status == ExitStatus::failed);
  CHECK(text.empty());
}

TEST_CASE("standard output that was closed from the start is reported") {
  const std::string text =
      test::written_to(stderr, [] { report_output_failure(EBADF, OutputForm::text); });
  CHECK(text == "error: cannot write to standard output: it is closed\n");
}

TEST_CASE("standard input that cannot be read is a failure with its reason") {
  const std::string closed =
      test::written_to(stderr, [] { report_input_failure(EBADF, OutputForm::text); });
  CHECK(closed ==
        "error: cannot read standard input: it is closed\n"
        "hint: give it a file or a pipe, or an empty one: </dev/null\n");
  const std::string directory =
      test::written_to(stderr, [] { report_input_failure(EISDIR, OutputForm::text); });
  CHECK(directory == "error: cannot read standard input: Is a directory\n");
}

TEST_CASE("printing keeps the status") {
  ExitStatus status = ExitStatus::ok;
  const std::string text = test::written_to(
      stdout, [&] { status = print_output("told", ExitStatus::timed_out, OutputForm::text); });
  CHECK(status == ExitStatus::timed_out);
  CHECK(text == "told");
}

TEST_CASE("printing fails if the text cannot be written") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  ExitStatus status = ExitStatus::ok;
  const std::string text = test::written_to(stderr, [&] {
    const test::Redirection redirection(STDOUT_FILENO, full.get());
    status = print_output("lost", ExitStatus::ok, OutputForm::text);
  });
  CHECK(status == ExitStatus::failed);
  CHECK(text == "error: cannot write to standard output: No space left on device\n");
}

TEST_CASE("a note of a server is the same line as any other, in either form") {
  for (const OutputForm form : {OutputForm::text, OutputForm::json}) {
    const std::string note = test::written_to(stderr, [&] { report_note("so it is", form); });
    CHECK(note == test::written_to(stderr, [&] { report_note_in_time("so it is", form); }));
  }
  CHECK(test::written_to(stderr, [] { CHECK(print_line_in_time("a line")); }) == "a line\n");
}

}  // namespace hotline::cli::report_test

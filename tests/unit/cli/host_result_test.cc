#include "cli/host_result.h"

#include <cerrno>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::cli::host_result_test {
namespace {

HostResult with_exit(ExitKind kind, int value = 0) {
  const CommandExit exit{.kind = kind, .value = value};
  return {.host = "h", .outcome = outcome_of(exit), .exit = exit};
}

HostResult with_outcome(HostOutcome outcome) { return {.host = "h", .outcome = outcome}; }

HostOutcome outcome_of(ErrorKind kind, RunStage stage) {
  return cli::outcome_of(make_error(kind, "run", {}, {}), stage);
}

TEST_CASE("only a proven exit status of 0 is ok") {
  CHECK(with_exit(ExitKind::code).outcome == HostOutcome::ok);
  CHECK(with_exit(ExitKind::code, 1).outcome == HostOutcome::failed);
  CHECK(with_exit(ExitKind::signal, 9).outcome == HostOutcome::failed);
  CHECK(with_exit(ExitKind::could_not_start, 127).outcome == HostOutcome::failed);
  CHECK(with_exit(ExitKind::output_limit).outcome == HostOutcome::failed);
  CHECK(with_exit(ExitKind::timed_out).outcome == HostOutcome::timed_out);
  CHECK(with_exit(ExitKind::cancelled).outcome == HostOutcome::cancelled);
  CHECK(with_exit(ExitKind::lost).outcome == HostOutcome::lost);
  CHECK(with_exit(ExitKind::server_ended).outcome == HostOutcome::lost);
}

TEST_CASE("what was never reached, was refused, and may have run are distinguished") {
  CHECK(outcome_of(ErrorKind::refused, RunStage::connecting) == HostOutcome::unreachable);
  CHECK(outcome_of(ErrorKind::reset, RunStage::connecting) == HostOutcome::unreachable);
  CHECK(outcome_of(ErrorKind::timed_out, RunStage::connecting) == HostOutcome::timed_out);
  CHECK(outcome_of(ErrorKind::permission_denied, RunStage::connecting) == HostOutcome::refused);
  CHECK(outcome_of(ErrorKind::timed_out, RunStage::greeting) == HostOutcome::timed_out);
  CHECK(outcome_of(ErrorKind::protocol_violation, RunStage::greeting) == HostOutcome::unreachable);
  CHECK(outcome_of(ErrorKind::permission_denied, RunStage::starting) == HostOutcome::refused);
  CHECK(outcome_of(ErrorKind::resource_exhausted, RunStage::starting) == HostOutcome::refused);
  CHECK(outcome_of(ErrorKind::truncated, RunStage::starting) == HostOutcome::lost);
  CHECK(outcome_of(ErrorKind::truncated, RunStage::running) == HostOutcome::lost);
  CHECK(outcome_of(ErrorKind::permission_denied, RunStage::running) == HostOutcome::lost);
  CHECK(outcome_of(ErrorKind::timed_out, RunStage::running) == HostOutcome::timed_out);
  CHECK(outcome_of(ErrorKind::cancelled, RunStage::running) == HostOutcome::cancelled);
}

TEST_CASE("a connection that the server ends before it answers was refused") {
  for (const ErrorKind kind : {ErrorKind::closed, ErrorKind::reset, ErrorKind::truncated}) {
    CHECK(outcome_of(kind, RunStage::greeting) == HostOutcome::refused);
  }
  CHECK(outcome_of(ErrorKind::permission_denied, RunStage::greeting) == HostOutcome::refused);
}

TEST_CASE("a run for which no descriptor was left here was not begun") {
  const Error error = system_error(EMFILE, "connect to", "h");
  CHECK(cli::outcome_of(error, RunStage::connecting) == HostOutcome::cancelled);
}

TEST_CASE("a run whose output could not be kept has failed, unless it was cancelled") {
  CHECK(outcome_of(ErrorKind::resource_exhausted, RunStage::keeping) == HostOutcome::failed);
  CHECK(outcome_of(ErrorKind::timed_out, RunStage::keeping) == HostOutcome::failed);
  CHECK(outcome_of(ErrorKind::cancelled, RunStage::keeping) == HostOutcome::cancelled);
}

TEST_CASE("the summary counts the files that are not complete") {
  const auto with_files = [](OutputEnd output, OutputEnd error) {
    HostResult result = with_outcome(HostOutcome::lost);
    result.output_file = HostFile{"o", 1, output};
    result.error_file = HostFile{"e", 1, error};
    return result;
  };
  const auto whole = with_files(OutputEnd::complete, OutputEnd::complete);
  const auto half = with_files(OutputEnd::complete, OutputEnd::partial);
  const auto none = with_files(OutputEnd::partial, OutputEnd::partial);
  CHECK(summary_of(std::vector{whole}) == "1 endpoint: 1 lost");
  CHECK(summary_of(std::vector{whole, half}) == "2 endpoints: 2 lost; 1 partial file");
  CHECK(summary_of(std::vector{none, half}) == "2 endpoints: 2 lost; 3 partial files");
}

TEST_CASE("the progress counts what is done and what runs") {
  std::vector<HostResult> results(3, with_outcome(HostOutcome::cancelled));
  CHECK(progress_of(results) == "0 of 3 done, 0 running");
  results[0].state = HostState::running;
  results[1].state = HostState::done;
  results[1].outcome = HostOutcome::ok;
  CHECK(progress_of(results) == "1 of 3 done, 1 running: 1 ok");
  results[0].state = HostState::done;
  results[0].outcome = HostOutcome::lost;
  CHECK(progress_of(results) == "2 of 3 done, 0 running: 1 ok, 1 lost");
}

TEST_CASE("the summary counts what there is, in one line") {
  CHECK(summary_of(std::vector{with_exit(ExitKind::code)}) == "1 endpoint: 1 ok");
  CHECK(summary_of(std::vector{with_exit(ExitKind::code), with_exit(ExitKind::code, 3),
                               with_outcome(HostOutcome::lost), with_outcome(HostOutcome::lost)}) ==
        "4 endpoints: 1 ok, 1 failed, 2 lost");
}

TEST_CASE("the status is 0 for all ok, that of the commands if they failed, otherwise 255") {
  const auto ok = with_exit(ExitKind::code);
  const auto one = with_exit(ExitKind::code, 1);
  const auto three = with_exit(ExitKind::code, 3);
  CHECK(status_of(std::vector{ok, ok}) == ExitStatus::ok);
  CHECK(static_cast<int>(status_of(std::vector{ok, one, three, one})) == 3);
  CHECK(static_cast<int>(status_of(std::vector{with_exit(ExitKind::signal, 15)})) == 143);
  for (const HostOutcome each :
       {HostOutcome::refused, HostOutcome::timed_out, HostOutcome::unreachable, HostOutcome::lost,
        HostOutcome::cancelled}) {
    CHECK(status_of(std::vector{ok, three, with_outcome(each)}) == ExitStatus::no_reply);
  }
  CHECK(status_of(std::vector{with_exit(ExitKind::timed_out)}) == ExitStatus::no_reply);
  CHECK(status_of(std::vector{with_exit(ExitKind::output_limit)}) == ExitStatus::no_reply);
}

}  // namespace
}  // namespace hotline::cli::host_result_test

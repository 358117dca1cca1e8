#include "cli/file_transfers.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/yield.h"
#include "support/loops.h"
#include "support/standard_streams.h"

namespace hotline::cli::file_transfers_test {
namespace {

FileTransfer transfer(std::string name, FileResult<void> result) {
  return {.name = std::move(name),
          .size = 1,
          .run = [result](FileLink&, const FileTransfer::OnProgress&) { return result; }};
}

FileResult<void> refused() {
  return std::unexpected(FileFailure(make_error(ErrorKind::system, "put", "a", "no"),
                                     FileError{.code = FileErrorCode::exists}, false));
}

ExitStatus status_of(std::vector<FileResult<void>> results) {
  ExitStatus status = ExitStatus::failed;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
    FileTransfers transfers(link, "put");
    for (FileResult<void>& each : results) transfers.add(transfer("a", std::move(each)));
    status = transfers.run();
  });
  return status;
}

}  // namespace

TEST_CASE("the status is 0 only if all files were transferred") {
  CHECK(status_of({}) == ExitStatus::ok);
  CHECK(status_of({{}, {}}) == ExitStatus::ok);
  CHECK(status_of({{}, refused()}) == ExitStatus::partial);
  CHECK(status_of({refused(), refused()}) == ExitStatus::denied);
}

TEST_CASE("what is skipped makes the whole partial") {
  ExitStatus status = ExitStatus::ok;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
    FileTransfers transfers(link, "put");
    transfers.add(transfer("a", {}));
    transfers.skip("fifo", "it is not a file");
    status = transfers.run();
  });
  CHECK(status == ExitStatus::partial);
}

TEST_CASE("where all is skipped, nothing was done") {
  ExitStatus status = ExitStatus::ok;
  ExitStatus dry = ExitStatus::ok;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
    FileTransfers transfers(link, "put");
    transfers.skip("directory", "it is a directory, and -r was not given");
    dry = transfers.print();
    status = transfers.run();
  });
  CHECK(status == ExitStatus::failed);
  CHECK(dry == ExitStatus::failed);
}

TEST_CASE("after the loss of the server, which is shown once, nothing more is begun") {
  ExitStatus status = ExitStatus::ok;
  int runs = 0;
  const std::string shown = test::written_to(stderr, [&] {
    test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
      FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::text});
      FileTransfers transfers(link, "get", 2);
      for (int i = 0; i < 5; ++i) {
        transfers.add({.name = "a",
                       .run = [&](FileLink&, const FileTransfer::OnProgress&) -> FileResult<void> {
                         ++runs;
                         yield();
                         return std::unexpected(
                             FileFailure(make_error(ErrorKind::refused, "connect to", "a", {})));
                       }});
      }
      status = transfers.run();
      CHECK(transfers.is_over());
    });
  });
  CHECK(status == ExitStatus::unreachable);
  CHECK(runs == 2);
  CHECK(shown.find("cannot connect to a") == shown.rfind("cannot connect to a"));
  CHECK(shown.find("cannot connect to a") != shown.npos);
}

TEST_CASE("after an end nothing more is begun") {
  ExitStatus status = ExitStatus::ok;
  int runs = 0;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
    FileTransfers transfers(link, "get", 1);
    for (int i = 0; i < 3; ++i) {
      transfers.add(
          {.name = "a", .run = [&](FileLink&, const FileTransfer::OnProgress&) -> FileResult<void> {
             ++runs;
             transfers.end_with(ExitStatus::failed);
             return {};
           }});
    }
    status = transfers.run();
  });
  CHECK(runs == 1);
  CHECK(status == ExitStatus::failed);
}

TEST_CASE("two files with one target are not both transferred") {
  ExitStatus status = ExitStatus::ok;
  int runs = 0;
  test::on_loop(EngineKind::epoll, [&](engine::EventLoop&) {
    FileLink link({.uri = "tcp://127.0.0.1:1", .home = {}, .form = OutputForm::json});
    FileTransfers transfers(link, "get");
    for (const char* name : {"a/x", "b/x"}) {
      transfers.add({.name = name,
                     .target = "x",
                     .run = [&](FileLink&, const FileTransfer::OnProgress&) -> FileResult<void> {
                       ++runs;
                       return {};
                     }});
    }
    status = transfers.run();
  });
  CHECK(runs == 1);
  CHECK(status == ExitStatus::partial);
}

}  // namespace hotline::cli::file_transfers_test

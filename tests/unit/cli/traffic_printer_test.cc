#include "cli/traffic_printer.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/core/log.h"

namespace hotline::cli::traffic_printer_test {
namespace {

class KeptRecords final : public LogSink {
 public:
  void write(const LogRecord& record) noexcept override { records.push_back(record); }
  bool wants(LogLevel) const noexcept override { return true; }

  std::vector<LogRecord> records;
};

Endpoint peer() { return *Endpoint::parse("tcp://127.0.0.1:4711?receive=1"); }

}  // namespace

TEST_CASE("received and sent bytes are shown with an arrow, at the debug level") {
  KeptRecords log;
  TrafficPrinter printer(log);
  printer.received(peer(), as_bytes("hello"));
  printer.sent(peer(), as_bytes("HELLO"));
  REQUIRE(log.records.size() == 2);
  CHECK(log.records[0].message == "<-");
  CHECK(log.records[0].detail == "hello");
  CHECK(log.records[1].message == "->");
  CHECK(log.records[1].detail == "HELLO");
  CHECK(log.records[0].level == LogLevel::debug);
  CHECK(log.records[0].peer == "tcp://127.0.0.1:4711");
}

TEST_CASE("an empty datagram is shown as such") {
  KeptRecords log;
  TrafficPrinter printer(log);
  printer.received(peer(), {});
  printer.sent(peer(), {});
  REQUIRE(log.records.size() == 2);
  CHECK(log.records[0].message == "<- (empty)");
  CHECK(log.records[1].message == "-> (empty)");
}

TEST_CASE("bytes are escaped, and long ones cut") {
  KeptRecords log;
  TrafficPrinter printer(log);
  printer.received(peer(), as_bytes("\x1b[2J\n"));
  printer.sent(peer(), as_bytes(std::string(1000, 'x')));
  REQUIRE(log.records.size() == 2);
  CHECK(log.records[0].detail == "\\x1b[2J\\n");
  CHECK(log.records[1].detail == std::string(256, 'x') + "...(1000 bytes)");
}

}  // namespace hotline::cli::traffic_printer_test

#include "hotline/services/ntp_report.h"

#include <doctest/doctest.h>

namespace hotline::ntp_report_test {

TEST_CASE("a leap and a mode have names") {
  CHECK(name_of(NtpLeap::none) == "none");
  CHECK(name_of(NtpLeap::insert) == "insert");
  CHECK(name_of(NtpLeap::remove) == "delete");
  CHECK(name_of(NtpLeap::unsynchronised) == "unsynchronised");
  CHECK(name_of(NtpExchangeMode::basic) == "basic");
  CHECK(name_of(NtpExchangeMode::interleaved) == "interleaved");
}

TEST_CASE("a reference id is letters on stratum 1, otherwise four numbers") {
  NtpServerState state;
  state.reference_id = 0x47505300;
  state.stratum = 1;
  CHECK(state.reference_text() == "GPS");
  state.stratum = 2;
  CHECK(state.reference_text() == "71.80.83.0");
  state.reference_id = 0x7f7f0101;
  CHECK(state.reference_text() == "127.127.1.1");
  state.stratum = 1;
  state.reference_id = 0;
  CHECK(state.reference_text() == "0.0.0.0");
}

TEST_CASE("letters of a reference id that cannot be shown are left out") {
  NtpServerState state;
  state.stratum = 1;
  state.reference_id = 0x1b50507f;
  CHECK(state.reference_text() == "PP");
}

TEST_CASE("errors add up: half of a delay, and the dispersion") {
  NtpReport report;
  report.best.delay = Duration(100);
  report.best.dispersion = Duration(7);
  report.best.server.root_delay = Duration(1000);
  report.best.server.root_dispersion = Duration(30);
  report.jitter = Duration(5);
  CHECK(report.best.error_max() == Duration(57));
  CHECK(report.best.server.root_distance() == Duration(530));
  CHECK(report.root_distance() == Duration(592));
}

}  // namespace hotline::ntp_report_test

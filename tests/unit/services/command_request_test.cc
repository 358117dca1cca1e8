#include "services/command_request.h"

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/command_samples.h"
#include "support/hex.h"

namespace hotline::services::command_request_test {
namespace {

using namespace std::chrono_literals;
using test::raw_field;
using test::raw_number;

constexpr SessionFlows kFlows{1, 2};
constexpr SessionFlows kNoFlows{0, 0};
constexpr ResetCode kMalformed = reset_code(CommandRefusal::malformed);

const std::string kRun = std::string("\x01") + raw_field(0x81, "a");
const std::string kJob = raw_field(0x8d, std::string(16, 'j'));

std::vector<CommandRequest> samples() {
  RemoteCommand detached{.program = CommandWords{{"sleep", "1h"}}};
  detached.is_detached = true;
  return {RemoteCommand{.program = CommandWords{{"uname", "", "-a b"}}},
          RemoteCommand{.program = ShellLine{"a | b"}},
          test::full_command(CommandWords{{"a", "b"}}),
          test::full_command(ShellLine{"a"}),
          test::full_command(LoginShell{}),
          detached,
          AttachRequest{.job = test::sample_job()},
          AttachRequest{test::sample_job(), 0, ~std::uint64_t{0}, CommandInput::stream},
          ListRequest{},
          SignalRequest{test::sample_job(), SIGUSR1},
          ForgetRequest{test::sample_job()}};
}

CommandFault fault_of(std::string_view bytes, SessionFlows flows = kFlows) {
  const auto request = decode_request(as_bytes(bytes), flows);
  REQUIRE_FALSE(request);
  CHECK_FALSE(request.error().text.empty());
  return request.error();
}

void check_malformed(std::string_view bytes, std::string_view text, SessionFlows flows = kFlows) {
  const CommandFault fault = fault_of(bytes, flows);
  CHECK(fault.code == kMalformed);
  CHECK(fault.text == text);
}

}  // namespace

TEST_CASE("every request is decoded to what was encoded") {
  for (const CommandRequest& each : samples()) {
    const std::string bytes = encode_request(each);
    CAPTURE(bytes);
    const auto decoded = decode_request(as_bytes(bytes), flows_of(kind_of(each)));
    REQUIRE(decoded);
    CHECK(*decoded == each);
  }
}

TEST_CASE("the bytes of requests are those of the page") {
  CHECK(encode_request(RemoteCommand{.program = CommandWords{{"ls", ""}}}) ==
        test::from_hex("01"
                       "81000000026c73"
                       "8100000000"));
  CHECK(encode_request(RemoteCommand{.program = ShellLine{"ls"}}) ==
        test::from_hex("0282000000026c73"));
  RemoteCommand login{.program = LoginShell{}};
  login.terminal = RemoteTerminal{{.columns = 80, .rows = 24}, "vt100"};
  CHECK(encode_request(login) == test::from_hex("03"
                                                "8800000009001800507674313030"));
  CHECK(encode_request(ListRequest{}) == "\x05");
  CHECK(encode_request(SignalRequest{{}, SIGHUP}) ==
        std::string("\x06") + raw_field(0x8d, std::string(16, '\0')) + raw_field(0x91, "HUP"));
  CHECK(encode_request(ForgetRequest{}) ==
        std::string("\x07") + raw_field(0x8d, std::string(16, '\0')));
}

TEST_CASE("an argument vector and a line are two kinds, whatever they contain") {
  const auto words = encode_request(RemoteCommand{.program = CommandWords{{"ls -l; rm x"}}});
  const auto line = encode_request(RemoteCommand{.program = ShellLine{"ls -l; rm x"}});
  const auto one = decode_request(as_bytes(words), kFlows);
  const auto other = decode_request(as_bytes(line), kFlows);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(std::get<RemoteCommand>(*one).program == RemoteProgram(CommandWords{{"ls -l; rm x"}}));
  CHECK(std::get<RemoteCommand>(*other).program == RemoteProgram(ShellLine{"ls -l; rm x"}));
  CHECK(fault_of(std::string("\x01") + raw_field(0x82, "ls")).code == ResetCode::unsupported);
  CHECK(fault_of(std::string("\x02") + raw_field(0x81, "ls")).code == ResetCode::unsupported);
  CHECK(fault_of(kRun + raw_field(0x82, "ls")).code == ResetCode::unsupported);
}

TEST_CASE("a request of an unknown kind is not supported") {
  for (unsigned kind = 0; kind < 256; ++kind) {
    if (kind >= 1 && kind <= 7) continue;
    CHECK(fault_of(std::string(1, static_cast<char>(kind))).code == ResetCode::unsupported);
  }
  check_malformed("", "the request is empty");
}

TEST_CASE("a request on a stream with other flows is malformed") {
  for (const CommandRequest& each : samples()) {
    const std::string bytes = encode_request(each);
    for (const SessionFlows flows :
         {SessionFlows{0, 0}, SessionFlows{1, 2}, SessionFlows{0, 2}, SessionFlows{1, 1},
          SessionFlows{1, 0}, SessionFlows{2, 1}, SessionFlows{1, 3}}) {
      const auto decoded = decode_request(as_bytes(bytes), flows);
      CHECK(decoded.has_value() == (flows == flows_of(kind_of(each))));
      if (!decoded) CHECK(decoded.error().text == "the stream has a wrong number of flows");
    }
  }
}

TEST_CASE("a request that is cut off is refused or is another one, at every byte") {
  for (const CommandRequest& each : samples()) {
    const std::string bytes = encode_request(each);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto decoded = decode_request(as_bytes(std::string_view(bytes).substr(0, size)),
                                          flows_of(kind_of(each)));
      if (decoded) CHECK(*decoded != each);
    }
  }
}

TEST_CASE("unknown fields are skipped unless they are critical") {
  for (const CommandRequest& each : samples()) {
    const SessionFlows flows = flows_of(kind_of(each));
    const std::string bytes = encode_request(each);
    const auto decoded = decode_request(as_bytes(bytes + raw_field(0x7f, "new")), flows);
    REQUIRE(decoded);
    CHECK(*decoded == each);
    CHECK(fault_of(bytes + raw_field(0xff, "new"), flows).code == ResetCode::unsupported);
  }
}

TEST_CASE("fields of a command other than words and variables appear once") {
  const std::string fields[] = {raw_field(0x01, "l"),
                                raw_field(0x83, "/"),
                                raw_field(0x85, raw_number(1, 8)),
                                raw_field(0x86, raw_number(1, 8)),
                                raw_field(0x87, raw_number(1, 1)),
                                raw_field(0x88, raw_number(0x10001, 4) + "x"),
                                raw_field(0x89, ""),
                                raw_field(0x8a, raw_number(1, 8)),
                                raw_field(0x8b, ""),
                                raw_field(0x8c, std::string(16, 'k'))};
  for (const std::string& each : fields) {
    const CommandFault fault = fault_of(kRun + each + each);
    CAPTURE(fault.text);
    CHECK(fault.code == kMalformed);
    CHECK(fault.text.ends_with(" appears twice"));
  }
  check_malformed(std::string("\x02") + raw_field(0x82, "a") + raw_field(0x82, "a"),
                  "the field line appears twice");
}

TEST_CASE("each field of a command has its sizes") {
  struct Case {
    unsigned tag;
    std::string name;
    std::vector<std::size_t> sizes;
  };
  const Case cases[] = {
      {0x01, "label", {129}},
      {0x81, "word", {131'072}},
      {0x83, "directory", {0, 4'096}},
      {0x84, "environment", {0, 1, 131'072}},
      {0x85, "timeout", {0, 7, 9}},
      {0x86, "output_max", {0, 7, 9}},
      {0x87, "on_excess", {0, 2}},
      {0x88, "terminal", {0, 4, 69}},
      {0x89, "input", {1}},
      {0x8a, "keep", {0, 7, 9}},
      {0x8b, "detached", {1}},
      {0x8c, "key", {0, 15, 17}},
  };
  for (const Case& each : cases) {
    for (const std::size_t size : each.sizes) {
      check_malformed(kRun + raw_field(each.tag, std::string(size, 'x')),
                      "the field " + each.name + " has a wrong size");
    }
  }
  for (const std::size_t size : {0U, 131'072U}) {
    check_malformed(std::string("\x02") + raw_field(0x82, std::string(size, 'x')),
                    "the field line has a wrong size");
  }
}

TEST_CASE("each field of a command has its values") {
  check_malformed(kRun + raw_field(0x84, "NAME"), "the field environment has no '='");
  check_malformed(kRun + raw_field(0x85, raw_number(0, 8)), "the field timeout is 0");
  check_malformed(kRun + raw_field(0x8a, raw_number(0, 8)), "the field keep is 0");
  check_malformed(kRun + raw_field(0x85, std::string(8, '\xff')), "the field timeout is too long");
  for (const unsigned value : {2U, 255U}) {
    check_malformed(kRun + raw_field(0x87, raw_number(value, 1)), "the field on_excess is unknown");
  }
}

TEST_CASE("a server checks all that a client should have checked") {
  check_malformed("\x01", "there is no command");
  check_malformed("\x02", "the line for the shell is empty");
  check_malformed("\x03", "a login shell needs a terminal");
  check_malformed(std::string("\x01") + raw_field(0x81, ""), "the name of the program is empty");
  check_malformed(kRun + raw_field(0x81, std::string(1, '\0')), "word 2 contains a NUL");
  check_malformed(kRun + raw_field(0x83, "a"), "the directory 'a' is not an absolute path");
  check_malformed(kRun + raw_field(0x84, "=x"), "a variable of the environment has the name ''");
  check_malformed(kRun + raw_field(0x84, "A=") + raw_field(0x84, "A=b"),
                  "the variable 'A' is given twice");
  check_malformed(kRun + raw_field(0x88, raw_number(0, 4) + "x"),
                  "the terminal has 0 rows or columns");
  check_malformed(kRun + raw_field(0x89, "") + raw_field(0x8b, ""),
                  "a detached command gets no input");
  check_malformed(kRun + raw_field(0x8c, std::string(16, 'k')),
                  "a key needs a command that is kept");
}

TEST_CASE("a variable that no server accepts is not permitted") {
  const CommandFault fault = fault_of(kRun + raw_field(0x84, "LD_PRELOAD=/x.so"));
  CHECK(fault.code == reset_code(CommandRefusal::not_permitted));
  CHECK(fault.text == "servers accept no variable 'LD_PRELOAD'");
}

TEST_CASE("the value of a variable may have more equals signs") {
  const auto decoded = decode_request(as_bytes(kRun + raw_field(0x84, "A=b=c")), kFlows);
  REQUIRE(decoded);
  CHECK(std::get<RemoteCommand>(*decoded).environment == std::vector<RemoteVariable>{{"A", "b=c"}});
}

TEST_CASE("a request about a job names it, once") {
  const std::string signal = raw_field(0x91, "TERM");
  check_malformed("\x04", "the request names no job");
  check_malformed(std::string("\x06") + signal, "the request names no job", kNoFlows);
  check_malformed("\x07", "the request names no job", kNoFlows);
  check_malformed(std::string("\x04") + kJob + kJob, "the field job appears twice");
  check_malformed(std::string("\x06") + kJob + kJob + signal, "the field job appears twice",
                  kNoFlows);
  check_malformed(std::string("\x07") + kJob + kJob, "the field job appears twice", kNoFlows);
  for (const std::size_t size : {0U, 15U, 17U}) {
    check_malformed(std::string("\x07") + raw_field(0x8d, std::string(size, 'j')),
                    "the field job has a wrong size", kNoFlows);
  }
}

TEST_CASE("ATTACH has both offsets or none") {
  const std::string output = raw_field(0x8e, raw_number(1, 8));
  const std::string error = raw_field(0x8f, raw_number(2, 8));
  check_malformed(std::string("\x04") + kJob + output, "the request has only one of two offsets");
  check_malformed(std::string("\x04") + kJob + error, "the request has only one of two offsets");
  check_malformed(std::string("\x04") + kJob + output + output,
                  "the field output_offset appears twice");
  check_malformed(std::string("\x04") + kJob + raw_field(0x8f, "x"),
                  "the field error_offset has a wrong size");
  const auto decoded =
      decode_request(as_bytes(std::string("\x04") + kJob + output + error), kFlows);
  REQUIRE(decoded);
  CHECK(std::get<AttachRequest>(*decoded).error_offset == 2);
}

TEST_CASE("SIGNAL has the name of a signal") {
  check_malformed(std::string("\x06") + kJob, "the request names no signal", kNoFlows);
  for (const std::string_view name : {"SIGIO", "term", "NONE", "15"}) {
    check_malformed(std::string("\x06") + kJob + raw_field(0x91, name),
                    "the field signal names no signal", kNoFlows);
  }
  for (const std::string_view name : {"", "X", "SIGTERM"}) {
    check_malformed(std::string("\x06") + kJob + raw_field(0x91, name),
                    "the field signal has a wrong size", kNoFlows);
  }
}

TEST_CASE("fields of other requests are not supported") {
  CHECK(fault_of(std::string("\x05") + kJob, kNoFlows).code == ResetCode::unsupported);
  CHECK(fault_of(std::string("\x07") + kJob + raw_field(0x91, "TERM"), kNoFlows).code ==
        ResetCode::unsupported);
  CHECK(fault_of(kRun + kJob).code == ResetCode::unsupported);
  CHECK(fault_of(std::string("\x04") + kJob + raw_field(0x81, "a")).code == ResetCode::unsupported);
}

}  // namespace hotline::services::command_request_test

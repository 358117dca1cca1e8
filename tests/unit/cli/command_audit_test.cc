#include "cli/command_audit.h"

#include <doctest/doctest.h>

namespace hotline::cli::command_audit_test {
namespace {

struct Sample {
  RemoteCommand command{.program = CommandWords{{"rm", "-r", "a\nb"}}};
  JobId job = JobId::parse("0100000000000000000000000000000f").value();

  CommandRecord record() const {
    CommandRecord record{
        .command = command, .job = job, .caller = "key:alice", .endpoint = "tcp://192.0.2.1:4711"};
    record.exit.kind = ExitKind::code;
    record.output_bytes = 3;
    record.output_digest = 0x0123456789abcdef;
    return record;
  }
};

}  // namespace

TEST_CASE("the record of a command is one line") {
  const Sample sample;
  CHECK(audit_line(sample.record()) ==
        R"({"v":1,"job":"0100000000000000000000000000000f","caller":"key:alice",)"
        R"("endpoint":"tcp://192.0.2.1:4711","argv":["rm","-r","a\nb"],)"
        R"("exit":{"kind":"code","value":0},"stdout":{"bytes":3,"xxh3":"0123456789abcdef"},)"
        R"("stderr":{"bytes":0,"xxh3":"0000000000000000"}})");
}

TEST_CASE("the record of a refused command has its time, and no job") {
  Sample sample;
  sample.job = {};
  CommandRecord record = sample.record();
  record.exit.kind = ExitKind::could_not_start;
  record.exit.ended = std::chrono::system_clock::time_point(std::chrono::seconds(86'400));
  const std::string line = audit_line(record);
  CHECK(line.find("\"job\"") == line.npos);
  CHECK(line.find(R"("ended":"1970-01-02T00:00:00.000000Z")") != line.npos);
}

TEST_CASE("of variables the record has the names only, because values may be secrets") {
  Sample sample;
  sample.command.environment = {{"TOKEN", "secret"}, {"TZ", "UTC"}};
  const std::string line = audit_line(sample.record());
  CHECK(line.find(R"("variables":["TOKEN","TZ"])") != line.npos);
  CHECK(line.find("secret") == line.npos);
}

TEST_CASE("a record has the beginning of a long program, and says so") {
  Sample sample;
  for (const RemoteProgram& program :
       {RemoteProgram(ShellLine{std::string(100'000, '\x01')}),
        RemoteProgram(CommandWords{std::vector<std::string>(100'000, "")}),
        RemoteProgram(CommandWords{{"echo", std::string(100'000, '\x01')}})}) {
    sample.command.program = program;
    const std::string line = audit_line(sample.record());
    CHECK(line.size() < 40'000);
    CHECK(line.find(R"("cut":true)") != line.npos);
  }
  sample.command.program = ShellLine{std::string(4096, 'x')};
  CHECK(audit_line(sample.record()).find("cut") == std::string::npos);
}

}  // namespace hotline::cli::command_audit_test

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/client_message.h"
#include "services/client_rules.h"
#include "services/command_answer.h"
#include "services/command_request.h"
#include "services/exit_message.h"
#include "services/flow_trailer.h"
#include "services/job_message.h"
#include "services/result_proof.h"
#include "support/fuzz_input.h"

// The first byte chooses what the others are. Any bytes are a request, an answer, an exit, a job, a
// trailer or a message, or are refused with a text; what is accepted is encoded and decoded to the
// same. A server sends the output of a command, and the input chooses what is lost, repeated,
// changed or moved on the way, and where the connection breaks: a result that is proven is that of
// the command, with all of its output once. Without such a change each result is proven. A client
// sends what it likes, and the server takes only what the rules allow.

namespace {

using namespace hotline;
using namespace hotline::services;
using test::Input;
using test::require;
using test::require_text;

void check_request(Bytes bytes) {
  for (const SessionFlows flows : {SessionFlows{1, 2}, SessionFlows{0, 0}}) {
    const auto request = decode_request(bytes, flows);
    if (!request) {
      require_text(request.error().text);
      continue;
    }
    require(flows == flows_of(kind_of(*request)), "a request has its flows");
    const auto* command = std::get_if<RemoteCommand>(&*request);
    require(command == nullptr || command->check(), "a request passes its check");
    const std::string encoded = encode_request(*request);
    const auto again = decode_request(as_bytes(encoded), flows);
    require(again && *again == *request, "a request is encoded as it was decoded");
  }
}

void check_answer(Bytes bytes) {
  const auto answer = decode_answer(bytes);
  if (!answer) return require_text(answer.error().text);
  const std::string encoded = encode_answer(*answer);
  const auto again = decode_answer(as_bytes(encoded));
  require(again && *again == *answer, "an answer is encoded as it was decoded");
}

void check_exit(Bytes bytes) {
  const auto exit = decode_exit(bytes);
  if (!exit) return require_text(exit.error().text);
  require((exit->status() == 0) == exit->is_success(), "only a success has the status 0");
  require(!exit->describe().empty(), "an exit describes itself");
  const std::string encoded = encode_exit(*exit);
  const auto again = decode_exit(as_bytes(encoded));
  require(again && *again == *exit, "an exit is encoded as it was decoded");
}

void check_job(Bytes bytes) {
  const auto job = decode_job(bytes);
  if (!job) return require_text(job.error().text);
  const std::string encoded = encode_job(*job);
  require(encoded.size() < kJobProgramMax + 2'048, "a job stays short");
  const auto listed = decode_job(as_bytes(encoded));
  require(listed && (listed->is_cut || *listed == *job), "a job is encoded as it was decoded");
  const std::string twice = encode_job(*listed);
  require(twice == encoded, "a job that was cut stays as it is");
}

void check_trailers(Bytes bytes) {
  const auto output = decode_output_trailer(bytes);
  const auto input = decode_input_trailer(bytes);
  require(!output || encode_trailer(*output) == as_text(bytes), "an output's trailer");
  require(!input || encode_trailer(*input) == as_text(bytes), "the input's trailer");
}

void check_message(Bytes bytes) {
  if (bytes.size() < 2) return;
  const auto type = static_cast<std::uint8_t>(bytes[0]);
  const Bytes payload = bytes.subspan(2);
  const auto message = decode_client_message(type, static_cast<std::uint8_t>(bytes[1]), payload);
  if (!message) return require_text(message.error().text);
  require(static_cast<std::uint8_t>(type_of(*message)) == type, "a message has its type");
  require(encode_client_message(*message) == as_text(payload), "a message is encoded as it came");
}

/// What a server sends on a stream.
struct Step {
  enum class Kind { data, end, exit, stream_end } kind;
  std::uint8_t flow = 0;
  std::uint64_t offset = 0;  ///< With `end`, the total.
  std::string bytes{};
};

/// A command that has run, with a server that has all of its output.
struct Server {
  std::string outputs[2];
  CommandExit exit{};

  explicit Server(Input& input) {
    for (std::string& each : outputs) each = input.text(input.number(24));
    exit = {.kind = ExitKind::code, .value = static_cast<int>(input.number(256))};
  }

  /// Returns what a stream carries that begins at those offsets.
  std::vector<Step> stream(Input& input, const std::size_t (&from)[2]) const {
    std::vector<Step> steps;
    std::size_t at[2] = {from[0], from[1]};
    while (at[0] < outputs[0].size() || at[1] < outputs[1].size()) {
      const unsigned which =
          at[0] >= outputs[0].size() || (at[1] < outputs[1].size() && input.number(2) == 1) ? 1 : 0;
      const std::string piece = outputs[which].substr(at[which], 1 + input.number(16));
      steps.push_back(
          {Step::Kind::data, static_cast<std::uint8_t>(which + 1), at[which] - from[which], piece});
      at[which] += piece.size();
    }
    for (const unsigned which : {0U, 1U}) steps.push_back(end_of(which, from[which]));
    steps.push_back({Step::Kind::exit, 0, 0, encode_exit(exit)});
    steps.push_back({Step::Kind::stream_end, kMessageFlow, 1, {}});
    return steps;
  }

  Step end_of(unsigned which, std::size_t from) const {
    OutputDigest flow;
    OutputDigest whole;
    flow.add(as_bytes(std::string_view(outputs[which]).substr(from)));
    whole.add(as_bytes(outputs[which]));
    return {Step::Kind::end, static_cast<std::uint8_t>(which + 1), flow.size(),
            encode_trailer(OutputTrailer{.flow = flow.value(), .whole = whole.value()})};
  }
};

/// Loses, repeats, changes or moves a step. The exit is not changed: only the connection protects
/// its bytes.
void change(std::vector<Step>& steps, Input& input) {
  const std::size_t at = input.number(static_cast<unsigned>(steps.size()));
  const auto place = steps.begin() + static_cast<std::ptrdiff_t>(at);
  Step& step = *place;
  switch (input.number(6)) {
    case 0: steps.erase(place); return;
    case 1: steps.insert(place, Step(step)); return;
    case 2: std::swap(step, steps[input.number(static_cast<unsigned>(steps.size()))]); return;
    case 3: step.flow = static_cast<std::uint8_t>(input.number(4)); return;
    case 4: step.offset += input.number(3); return;
    default: break;
  }
  if (step.kind == Step::Kind::exit || step.bytes.empty()) return;
  step.bytes[input.number(static_cast<unsigned>(step.bytes.size()))] ^=
      static_cast<char>(1 + input.number(255));
}

/// A client that keeps what it receives.
struct Client {
  ResultProof proof{OutputExcess::kill};
  std::string outputs[2];

  void take(const Step& step) {
    switch (step.kind) {
      case Step::Kind::exit:
        discard(proof.take_message(static_cast<std::uint8_t>(CommandMessage::exit), 0,
                                   as_bytes(step.bytes)));
        return;
      case Step::Kind::data: take_data(step); return;
      default: discard(proof.take_end(step.flow, step.offset, as_bytes(step.bytes)));
    }
  }

  void take_data(const Step& step) {
    if (!proof.take_data(step.flow, step.offset, as_bytes(step.bytes))) return;
    outputs[step.flow - 1] += step.bytes;
  }
};

void check_result(const Client& client, const Server& server, bool is_changed) {
  const auto result = client.proof.result();
  require(result.has_value() == (client.proof.state() == ProofState::proven), "state and result");
  require(is_changed || result, "an unchanged result is proven");
  if (!result) return require(!result.error().detail.empty(), "each failure has a text");
  require(*result == server.exit, "a proven exit is that of the command");
  for (const unsigned i : {0U, 1U}) {
    require(client.outputs[i] == server.outputs[i], "a proven output is that of the command");
  }
}

void check_proof(Input input) {
  const Server server(input);
  Client client;
  bool is_changed = false;
  for (bool is_last = false; !is_last;) {
    const std::size_t from[2] = {client.proof.output_offset(), client.proof.error_offset()};
    require(from[0] <= server.outputs[0].size() + 64, "offsets stay near the output");
    CommandAnswer answer{.output_offset = from[0], .error_offset = from[1]};
    if (!client.proof.begin(answer)) break;
    // A server refuses to go on from where its output does not reach.
    if (from[0] > server.outputs[0].size() || from[1] > server.outputs[1].size()) return;
    auto steps = server.stream(input, from);
    for (unsigned i = input.number(4); i > 1 && !steps.empty(); --i, is_changed = true) {
      change(steps, input);
    }
    is_last = input.is_empty() || input.number(2) == 0;
    const std::size_t count =
        is_last ? steps.size() : input.number(static_cast<unsigned>(steps.size() + 1));
    for (std::size_t i = 0; i < count; ++i) client.take(steps[i]);
    discard(client.proof.take_cut());
    if (client.proof.state() != ProofState::cut) is_last = true;
  }
  check_result(client, server, is_changed);
}

/// What the rules have let through.
struct Taken {
  bool is_accepted = false;
  bool has_exited = false;
  bool has_left = false;
  bool has_ended = false;
  std::uint64_t bytes = 0;
};

void send_message(ClientRules& rules, const ClientRules::Command& command, Taken& taken,
                  Input& input) {
  const auto type = static_cast<std::uint8_t>(0x3f + input.number(8));
  const std::string payload = input.number(2) == 0 ? std::string() : input.text(input.number(8));
  const auto message = rules.take_message(type, input.number(8) == 7 ? 1 : 0, as_bytes(payload));
  if (!message) return require_text(message.error().text);
  require(taken.is_accepted && !taken.has_left, "no message before ACCEPT or after the last one");
  require(message->has_value() != taken.has_exited, "what crosses EXIT is dropped");
  taken.has_left = rules.has_left();
  if (!*message) return;
  require(command.has_terminal || !std::holds_alternative<ResizeMessage>(**message), "RESIZE");
  require(command.is_kept || !std::holds_alternative<DetachMessage>(**message), "DETACH");
}

void send_end(ClientRules& rules, Taken& taken, Input& input) {
  OutputDigest digest = rules.input();
  const std::string trailer = encode_trailer(InputTrailer{.flow = digest.value()});
  const std::uint64_t total = taken.bytes + input.number(2);
  if (!rules.take_input_end(total, as_bytes(trailer))) return;
  require(!taken.has_ended && total == taken.bytes, "the input ends once, with its total");
  taken.has_ended = true;
}

void check_rules(Input input) {
  ClientRules::Command command;
  command.input = input.number(2) == 0 ? CommandInput::none : CommandInput::stream;
  command.has_terminal = input.number(2) == 1;
  command.is_kept = input.number(2) == 1;
  ClientRules rules(command);
  Taken taken;
  while (!input.is_empty()) {
    switch (input.number(8)) {
      case 0: rules.note_accepted(), taken.is_accepted = true; break;
      case 1: rules.note_exited(), taken.has_exited = true; break;
      case 2: send_end(rules, taken, input); break;
      case 3: {
        const std::string bytes = input.text(1 + input.number(8));
        if (!rules.take_input(as_bytes(bytes))) break;
        require(command.input == CommandInput::stream && !taken.has_ended, "input is taken");
        taken.bytes += bytes.size();
        break;
      }
      default: send_message(rules, command, taken, input);
    }
    require(rules.input().size() == taken.bytes, "all input is counted");
    require(!rules.has_input_ended() || taken.has_ended, "the input ends with its flow");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input = std::as_bytes(std::span(data, size)).subspan(1);
  switch (data[0] % 8) {
    case 0: check_request(input); break;
    case 1: check_answer(input); break;
    case 2: check_exit(input); break;
    case 3: check_job(input); break;
    case 4: check_trailers(input); break;
    case 5: check_message(input); break;
    case 6: check_proof(Input(input)); break;
    default: check_rules(Input(input));
  }
  return 0;
}
